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
export function mask(error: unknown, requestId: string, logger: Logger): GraphQLFormattedError {
  const { extensions, message, locations, path } =
    error instanceof GraphQLError ? error : new GraphQLError('', { originalError: error as Error })
  const original = error instanceof GraphQLError ? error.originalError : error
  // Values of the wrong kind are reported by graphql-js itself while executing, without a code.
  const code = (extensions.code as string | undefined) ?? (original ? undefined : 'BAD_USER_INPUT')
  if (code && known.has(code)) {
    const { http: _http, stacktrace: _stacktrace, ...rest } = extensions
    return {
      message,
      ...(locations && { locations }),
      ...(path && { path }),
      extensions: { ...rest, code, requestId },
    }
  }
  logger.error({ err: original ?? error, requestId, path }, 'a resolver failed')
  return {
    message:
      'Something went wrong on our side. Nothing was changed. Tell us the request id if it happens again.',
    ...(path && { path }),
    extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
  }
}
