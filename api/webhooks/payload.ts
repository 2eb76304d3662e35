import {
  type DocumentNode,
  execute,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  parse,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import { may, type Rule } from '../auth/allow.ts'
import type { Viewer } from '../auth/viewer.ts'
import { refuse } from '../carts/refusal.ts'
import type { Context } from '../context.ts'
import { OrderEvent } from '../events/order-event.ts'
import { unfitToValidate } from '../graphql/before-validation.ts'
import { checkLimits, limits } from '../limits/limits.ts'
import { Order } from '../orders/order.entity.ts'
import type { WebhookDelivery } from './webhook-delivery.entity.ts'

export const longestDocument = 10_000

/** What webhooks are told that have no document of their own: all but names and phone numbers. */
const usualDocument = `
  fragment Payload on OrderEvent {
    type
    cursor
    at
    order {
      id
      number
      status
      source
      createdAt
      updatedAt
      readyAt
      cancelReason
      total { amount currency }
      items { flavor toppings addOns sweetness ice price { amount currency } }
    }
  }`

/**
 * The operation that reads a payload: what orderEvents would tell of one event, as the fragment selects it.
 * @param text fragments, the first of them on OrderEvent; the usual one if null
 * @throws Refusal BAD_DOCUMENT, MISSING_SCOPE, or the code of the limit that it goes beyond
 */
export function fitDocument(schema: GraphQLSchema, text: string | null, viewer: Viewer): DocumentNode {
  const path = ['input', 'document']
  if (!viewer.scopes.has('orders:read')) {
    refuse(
      'MISSING_SCOPE',
      'Events are told to keys with the scope orders:read as well. Use one that has it.',
    )
  }
  try {
    const document = operationAround(text ?? usualDocument)
    const unfit = unfitToValidate(document)
    if (unfit) throw unfit
    const [fault] = validate(schema, document)
    if (fault) throw fault
    const lacking = lackingScope(schema, document, viewer)
    if (lacking) {
      const { field, scope } = lacking
      const sentence = `${field} needs the scope ${scope}, which this key does not have. Leave it out, or use a key that has it.`
      refuse('MISSING_SCOPE', sentence, path)
    }
    checkLimits(schema, document, {}, viewer, false)
    return document
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    // Only limits have a code of their own, and a sentence that says what to do.
    if (typeof error.extensions.code === 'string') refuse(error.extensions.code, error.message, path)
    return refuse('BAD_DOCUMENT', `${error.message} Send fragments, the first of them on OrderEvent.`, path)
  }
}

function operationAround(text: string): DocumentNode {
  if (text.length > longestDocument)
    throw new GraphQLError(`A document has ${longestDocument} characters at most.`)
  const { definitions } = parse(text, { maxTokens: limits.tokens, noLocation: true })
  const fragments = definitions.filter(
    (node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION,
  )
  const [first] = fragments
  if (!first || fragments.length < definitions.length)
    throw new GraphQLError('This is not made of fragments only.')
  const operation = parse(`subscription Webhook { orderEvents { ...${first.name.value} } }`, {
    noLocation: true,
  })
  return { kind: Kind.DOCUMENT, definitions: [...operation.definitions, ...fragments] }
}

/** The first field that would answer null for want of a scope. */
function lackingScope(
  schema: GraphQLSchema,
  document: DocumentNode,
  viewer: Viewer,
): { field: string; scope: string } | undefined {
  const types = new TypeInfo(schema)
  let lacking: { field: string; scope: string } | undefined
  const Field = () => {
    const field = types.getFieldDef()
    const rules = field?.extensions.rules as Rule[] | undefined
    if (field && rules && !may(viewer, rules)) lacking ??= { field: field.name, scope: rules[0]! }
  }
  visit(document, visitWithTypeInfo(types, { Field }))
  return lacking
}

/**
 * What is posted, read as its key may read it now.
 * @throws Error when it cannot be read
 */
export async function bodyOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  contextValue: Context,
  { type, seq, at, order }: WebhookDelivery,
): Promise<string> {
  const found = order ? await contextValue.em.findOne(Order, order) : null
  const rootValue = Object.assign(new OrderEvent(), { type, cursor: String(seq), at, order: found })
  const { data, errors } = await execute({ schema, document, rootValue, contextValue })
  if (errors?.[0]) throw errors[0]
  // What cannot be written down is not told.
  await contextValue.piiReads.write()
  return JSON.stringify({ type, timestamp: at.toISOString(), data: data?.orderEvents })
}
