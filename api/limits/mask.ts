import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import type { Logger } from 'pino'
import { CommitUnknown, type Trouble, troubleOf } from '../database-errors.ts'

/** Codes whose message is meant for whoever asked. Anything else is a bug of ours. */
const known = new Set([
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'FORBIDDEN',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'INTROSPECTION_DISABLED',
  'NOT_FOUND',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'RATE_LIMITED',
  'SUBSCRIPTION_LAGGED',
  'TIMED_OUT',
  'TOO_COSTLY',
  'TOO_DEEP',
  'TOO_MANY_ALIASES',
  'TOO_MANY_FIELDS',
  'TOO_MANY_OPERATIONS',
  'UNAUTHENTICATED',
])

const unavailable: Record<Trouble, { message: string; logged: string }> = {
  away: {
    message: 'The database could not be reached. Nothing was changed; try again in a moment.',
    logged: 'the database could not be reached, or is locked by another program',
  },
  full: {
    message: 'The database has no room left. Nothing was changed; try again when the shop has made room.',
    logged: 'the disk of the database is full: nothing can be saved until there is room on it',
  },
}

const perhapsChanged =
  'The database went away while it was saving this, so it may have been saved. Look before you try again.'

/**
 * What the outside sees of an error: a known one with its code, a database that does not answer as UNAVAILABLE, a bug
 * as a sentence and the request id under which the log has all of it. Never a stack, never SQL.
 */
export function mask(
  error: unknown,
  code: string | undefined,
  requestId: string,
  logger: Logger,
): GraphQLFormattedError {
  const located = error instanceof GraphQLError ? error : undefined
  const where = {
    ...(located?.locations && { locations: located.locations }),
    ...(located?.path && { path: located.path }),
  }
  if (located && code && known.has(code)) {
    const { http: _http, stacktrace: _stacktrace, ...rest } = located.extensions
    return { message: located.message, ...where, extensions: { ...rest, code, requestId } }
  }
  const cause = located?.originalError ?? error
  const trouble = troubleOf(cause)
  const log = (message: string) => logger.error({ err: cause, requestId, path: located?.path }, message)
  if (trouble) {
    const { message, logged } = unavailable[trouble]
    log(logged)
    return {
      message: cause instanceof CommitUnknown ? perhapsChanged : message,
      ...where,
      extensions: { code: 'UNAVAILABLE', requestId },
    }
  }
  log('a resolver failed')
  return {
    message: 'Something went wrong on our side. Tell us the request id if it happens again.',
    ...where,
    extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
  }
}
