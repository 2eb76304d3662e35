import {
  type DocumentNode,
  type FieldNode,
  getNamedType,
  getOperationAST,
  getVariableValues,
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
import { Extensions } from 'type-graphql'
import type { Viewer } from '../auth/viewer.ts'
import { countValues, isText, noText } from './text.ts'

/** What one request may ask for, and one client at a time. */
export const limits = {
  bodyBytes: 100_000,
  tokens: 1_000,
  depth: 10,
  aliases: 15,
  rootFields: 10,
  /** How often a document may select fields of the same name: each two of them are compared. */
  sameFields: 100,
  /** Values in all variables together, at every level. */
  values: 2_000,
  cost: 5_000,
  /** How long an operation may take, and how long a socket may be open without one, in milliseconds. */
  time: 10_000,
  idle: 60_000,
  operationsPerSocket: 20,
  socketsPerAddress: 500,
  /** Of one API key or one signed-in console; a voice process has a few for each of its copies. */
  socketsPerViewer: 50,
}

/** A point more is taken for every so many characters of a document. */
export const charactersPerPoint = 200

/** Points of a request as such, whatever it asks for: also what is refused has been read. */
export const requestCost = (query: unknown): number =>
  1 + (typeof query === 'string' ? Math.floor(query.length / charactersPerPoint) : 0)

/** Points of a change: it waits for the disk, and others wait for it. */
export const mutationCost = 10

/** How many rows a list without `first` is reckoned as: an order has at most ten cups and a few texts. */
export const listSize = 5
/** Rows of a list that is longer by nature: what was said on a call, and what its agent did. */
export const longList = 50

/** What a list is reckoned as that usually holds more rows than others. */
export const rows = (rows: number): MethodDecorator & PropertyDecorator => Extensions({ rows })

/**
 * An object costs one, a scalar nothing, a mutation ten more. A list costs its rows: `first` of a connection, else what
 * is said of it, else `listSize`. `edges` and `nodes` are the rows a connection has been charged for.
 */
const estimate: ComplexityEstimator = ({ type, field, args, childComplexity }) => {
  const own =
    (isCompositeType(getNamedType(field.type)) ? 1 : 0) + (type.name === 'Mutation' ? mutationCost : 0)
  if (typeof args.first === 'number') return own + Math.max(0, args.first) * childComplexity
  const rows =
    isListType(getNullableType(field.type)) && !['edges', 'nodes'].includes(field.name)
      ? ((field.extensions.rows as number | undefined) ?? listSize)
      : 1
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
  const size = sizes.get(operation) ?? sizeOf(document, operation)
  sizes.set(operation, size)
  const { aliases, depth, introspects, rootFields } = size
  const values = countValues(request.variables)
  if (!size.plain || values === undefined) throw noText()
  if (values > limits.values) {
    throw refuse('TOO_COSTLY', `The variables hold more than ${limits.values} values. Send them in parts.`)
  }
  if (introspects && !introspection && viewer.kind === 'ANYONE') {
    throw refuse('INTROSPECTION_DISABLED', 'Send an API key to introspect, or read schema.graphql.')
  }
  if (aliases > limits.aliases) {
    throw refuse('TOO_MANY_ALIASES', `This document has ${aliases} aliases; ${limits.aliases} are allowed.`)
  }
  if (rootFields > limits.rootFields) {
    throw refuse('TOO_MANY_FIELDS', `An operation may select ${limits.rootFields} root fields; split it.`)
  }
  if (depth > limits.depth) {
    throw refuse(
      'TOO_DEEP',
      `This document is ${depth} levels deep; ${limits.depth} are allowed. Ask in steps.`,
    )
  }
  // Without variables it always costs the same.
  const cost = size.cost ?? costOf(schema, document, operation, request.variables ?? {})
  if (!operation.variableDefinitions?.length) size.cost = cost
  if (cost > limits.cost) {
    throw refuse(
      'TOO_COSTLY',
      `This document costs ${cost} points; ${limits.cost} are allowed. Take smaller pages.`,
    )
  }
  return cost
}

/** What an operation is whoever asks it, and with whatever variables. */
interface Size {
  /** Whether all its texts are some. */
  plain: boolean
  aliases: number
  introspects: boolean
  /** Fields lying inside each other. What introspection asks for is deep by nature and cheap. */
  depth: number
  /** Fields it selects, those of fragments included. */
  rootFields: number
  /** Where it depends on nothing else. */
  cost?: number
}

/** Those of documents that are kept parsed: most are asked over and over. */
const sizes = new WeakMap<OperationDefinitionNode, Size>()

function sizeOf(document: DocumentNode, { selectionSet }: OperationDefinitionNode): Size {
  let plain = true
  let aliases = 0
  let introspects = false
  visit(document, {
    Field(node) {
      if (node.alias) aliases += 1
      if (node.name.value === '__schema' || node.name.value === '__type') introspects = true
    },
    StringValue({ value }) {
      plain &&= isText(value)
    },
  })
  return {
    plain,
    aliases,
    introspects,
    depth: measure(document, selectionSet, {
      field: ({ name }, below) => (name.value.startsWith('__') ? 0 : 1 + below()),
      together: (deepest, depth) => Math.max(deepest, depth),
    }),
    rootFields: measure(document, selectionSet, { field: () => 1, together: (sum, one) => sum + one }),
  }
}

/** What the fields of a selection come to, through all its fragments. Each is looked at once, however often it is spread. */
function measure(
  document: DocumentNode,
  root: SelectionSetNode,
  {
    field,
    together,
  }: {
    field: (node: FieldNode, below: () => number) => number
    together: (sum: number, one: number) => number
  },
): number {
  const fragments = new Map(
    document.definitions.flatMap(node =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node.selectionSet]] : [],
    ),
  )
  const known = new Map<SelectionSetNode, number>()
  const of = (set: SelectionSetNode | undefined): number => {
    if (!set) return 0
    const before = known.get(set)
    if (before !== undefined) return before
    const sum = set.selections
      .map(node => {
        if (node.kind === Kind.FIELD) return field(node, () => of(node.selectionSet))
        return of(node.kind === Kind.INLINE_FRAGMENT ? node.selectionSet : fragments.get(node.name.value))
      })
      .reduce(together, 0)
    known.set(set, sum)
    return sum
  }
  return of(root)
}

function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  { name, variableDefinitions }: OperationDefinitionNode,
  variables: Record<string, unknown>,
): number {
  // The library that reckons would make an error of each value that does not fit, and of thousands thousands.
  const { errors } = getVariableValues(schema, variableDefinitions ?? [], variables, { maxErrors: 1 })
  if (errors) throw refuse('BAD_USER_INPUT', errors[0]!.message)
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
