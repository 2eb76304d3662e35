import {
  type DocumentNode,
  getNamedType,
  getOperationAST,
  GraphQLError,
  isCompositeType,
  isListType,
  getNullableType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  visit,
  type GraphQLSchema,
} from 'graphql'
import { type ComplexityEstimator, getComplexity } from 'graphql-query-complexity/cjs'
import type { Viewer } from '../auth/viewer.ts'
import { checkText } from './text.ts'

/** What one request may ask for, and one client at a time. */
export const limits = {
  bodyBytes: 100_000,
  tokens: 1_000,
  depth: 10,
  aliases: 15,
  rootFields: 10,
  cost: 5_000,
  /** How long an operation may take, and how long a socket may be open without one, in milliseconds. */
  time: 10_000,
  idle: 60_000,
  operationsPerSocket: 20,
  socketsPerAddress: 500,
  /** Of one API key or one signed-in console; a voice process has a few for each of its copies. */
  socketsPerViewer: 50,
}

/** Points of a request as such, whatever it asks for: also what is refused has been read. */
export const requestCost = 1
/** Points of a change: it waits for the disk, and others wait for it. */
export const mutationCost = 10

/** How many rows a list without `first` is reckoned as: an order has at most ten cups and a few texts. */
export const listSize = 5

/**
 * An object costs one, a scalar nothing, a mutation ten more. A list costs its rows: `first` of a connection, else
 * `listSize`. `edges` and `nodes` are the rows a connection has been charged for.
 */
const estimate: ComplexityEstimator = ({ type, field, args, childComplexity }) => {
  const own =
    (isCompositeType(getNamedType(field.type)) ? 1 : 0) + (type.name === 'Mutation' ? mutationCost : 0)
  if (typeof args.first === 'number') return own + Math.max(0, args.first) * childComplexity
  const rows =
    isListType(getNullableType(field.type)) && !['edges', 'nodes'].includes(field.name) ? listSize : 1
  return rows * (own + childComplexity)
}

const refuse = (code: string, message: string) =>
  new GraphQLError(message, { extensions: { code, http: { status: 400 } } })

/**
 * Refuses a document that asks for too much, on HTTP and on the WebSocket alike.
 * @returns the points it costs
 * @throws GraphQLError TOO_DEEP, TOO_MANY_ALIASES, TOO_MANY_FIELDS, TOO_COSTLY, INTROSPECTION_DISABLED; BAD_USER_INPUT
 * for variables that do not fit and texts that are none
 */
export function checkLimits(
  schema: GraphQLSchema,
  document: DocumentNode,
  request: { variables?: Record<string, unknown> | null; operationName?: string | null },
  viewer: Viewer,
  introspection: boolean,
): number {
  const operation = getOperationAST(document, request.operationName)
  if (!operation) return 0
  checkText(document, request.variables)
  const { aliases, introspects } = count(document)
  if (introspects && !introspection && viewer.kind === 'ANYONE') {
    throw refuse('INTROSPECTION_DISABLED', 'Send an API key to introspect, or read schema.graphql.')
  }
  if (aliases > limits.aliases) {
    throw refuse('TOO_MANY_ALIASES', `This document has ${aliases} aliases; ${limits.aliases} are allowed.`)
  }
  if (operation.selectionSet.selections.length > limits.rootFields) {
    throw refuse('TOO_MANY_FIELDS', `An operation may select ${limits.rootFields} root fields; split it.`)
  }
  const depth = depthOf(document, operation.selectionSet)
  if (depth > limits.depth) {
    throw refuse(
      'TOO_DEEP',
      `This document is ${depth} levels deep; ${limits.depth} are allowed. Ask in steps.`,
    )
  }
  const cost = costOf(schema, document, operation, request.variables ?? {})
  if (cost > limits.cost) {
    throw refuse(
      'TOO_COSTLY',
      `This document costs ${cost} points; ${limits.cost} are allowed. Take smaller pages.`,
    )
  }
  return cost
}

function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  { name }: OperationDefinitionNode,
  variables: Record<string, unknown>,
): number {
  try {
    return getComplexity({
      schema,
      query: document,
      variables,
      operationName: name?.value,
      estimators: [estimate],
      // Fragments in fragments may multiply; what is larger than this is refused uncounted.
      maxQueryNodes: limits.cost,
    })
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    if (error.message.includes('number of nodes')) {
      throw refuse('TOO_COSTLY', 'This document selects too many fields. Ask for less at once.')
    }
    throw refuse('BAD_USER_INPUT', error.message)
  }
}

function count(document: DocumentNode): { aliases: number; introspects: boolean } {
  let aliases = 0
  let introspects = false
  visit(document, {
    Field(node) {
      if (node.alias) aliases += 1
      if (node.name.value === '__schema' || node.name.value === '__type') introspects = true
    },
  })
  return { aliases, introspects }
}

/** How many fields lie inside each other. What introspection asks for is deep by nature and cheap. */
function depthOf(document: DocumentNode, root: SelectionSetNode): number {
  const fragments = new Map(
    document.definitions.flatMap(node =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node]] : [],
    ),
  )
  const known = new Map<SelectionSetNode, number>()
  const deepest = (set: SelectionSetNode | undefined): number => {
    if (!set) return 0
    const before = known.get(set)
    if (before !== undefined) return before
    const depth = Math.max(
      ...set.selections.map(node => {
        if (node.kind === Kind.FRAGMENT_SPREAD) return deepest(fragments.get(node.name.value)?.selectionSet)
        if (node.kind === Kind.INLINE_FRAGMENT) return deepest(node.selectionSet)
        return node.name.value.startsWith('__') ? 0 : 1 + deepest(node.selectionSet)
      }),
    )
    known.set(set, depth)
    return depth
  }
  return deepest(root)
}
