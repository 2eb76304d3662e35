import { randomUUID } from 'node:crypto'
import {
  type DocumentNode,
  getOperationAST,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  parse,
  validate,
} from 'graphql'
import type { Logger } from 'pino'
import type { Viewer } from '../auth/viewer.ts'
import { checkLimits, limits } from '../limits/limits.ts'
import { mask } from '../limits/mask.ts'
import { unfitToValidate } from './before-validation.ts'

export interface SubscriptionRequest {
  query: string
  variables?: Record<string, unknown> | null
  operationName?: string | null
}

export interface SubscriptionRules {
  schema: GraphQLSchema
  /** Whether anyone may introspect, or only those who say who they are. */
  introspection: boolean
}

/** The checked document of a subscription and what it costs, or what is wrong with it: the same on every road that streams. */
export function subscriptionOf(
  { schema, introspection }: SubscriptionRules,
  { query, variables, operationName }: SubscriptionRequest,
  viewer: Viewer,
): { document: DocumentNode; cost: number } | { errors: GraphQLError[] } {
  try {
    const document = parse(query, { maxTokens: limits.tokens })
    const unfit = unfitToValidate(document)
    if (unfit) return { errors: [unfit] }
    const faults = validate(schema, document)
    if (faults.length) return { errors: faults.map(fault => withCode(fault, 'GRAPHQL_VALIDATION_FAILED')) }
    if (getOperationAST(document, operationName)?.operation !== 'subscription') {
      const message = 'A stream takes subscriptions only. Send the rest by POST to /graphql.'
      return { errors: [withCode(message, 'BAD_REQUEST')] }
    }
    const cost = checkLimits(schema, document, { variables, operationName }, viewer, introspection)
    return { document, cost }
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    return { errors: [error.extensions.code ? error : withCode(error, 'GRAPHQL_PARSE_FAILED')] }
  }
}

/** What the outside sees of the errors of one answer. */
export function hideErrors(
  errors: readonly GraphQLError[],
  logger: Logger,
  requestId: string = randomUUID(),
): GraphQLFormattedError[] {
  return errors.map(error => mask(error, codeOf(error), requestId, logger))
}

export function withCode(error: GraphQLError | string, code: string): GraphQLError {
  if (typeof error === 'string') return new GraphQLError(error, { extensions: { code } })
  const { message, nodes, source, positions } = error
  return new GraphQLError(message, { nodes, source, positions, extensions: { code } })
}

/** graphql-js reports values of the wrong kind itself, without a code; what a resolver throws has an original. */
function codeOf({ extensions, originalError }: GraphQLError): string | undefined {
  return (extensions.code as string | undefined) ?? (originalError ? undefined : 'BAD_USER_INPUT')
}
