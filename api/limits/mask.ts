import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import type { Logger } from 'pino'

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
  'SUBSCRIPTION_LAGGED',
  'TOO_COSTLY',
  'TOO_DEEP',
  'TOO_MANY_ALIASES',
  'TOO_MANY_FIELDS',
  'UNAUTHENTICATED',
])

/**
 * What the outside sees of an error: a known one with its code, a bug as a sentence and the request id under which
 * the log has all of it. Never a stack, never SQL.
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
  logger.error({ err: located?.originalError ?? error, requestId, path: located?.path }, 'a resolver failed')
  return {
    message: 'Something went wrong on our side. Tell us the request id if it happens again.',
    ...where,
    extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
  }
}
