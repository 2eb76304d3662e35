import {
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Rule } from '../../api/auth/allow.ts'
import { type Scope, scopes, staffScopes } from '../../api/auth/scopes.ts'
import { createSchema } from '../../api/schema.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { byHttp, bySocket } from '../support/roads.ts'

const schema = createSchema()
const rulesOf = (field: GraphQLField<unknown, unknown>) => field.extensions.rules as Rule[] | undefined
const roots = [schema.getQueryType()!, schema.getMutationType()!, schema.getSubscriptionType()!].flatMap(
  type => Object.values(type.getFields()).map(field => ({ type, field, rules: rulesOf(field) ?? [] })),
)

/** What `node(id)` asks for beyond its own rule: it depends on what the id names. */
const nodes: Record<string, { rule: Rule; id: string }> = {
  ApiKey: { rule: 'keys:write', id: 'key_1' },
  Call: { rule: 'calls:read', id: 'CA1' },
  MenuItem: { rule: 'anyone', id: 'item_1' },
  Order: { rule: 'orders:read', id: 'ord_1' },
  OrderItem: { rule: 'orders:read', id: 'cup_1' },
  PiiRead: { rule: 'keys:write', id: 'read_1' },
  Shop: { rule: 'anyone', id: 'shop_1' },
  Sms: { rule: 'orders:read', id: 'sms_1' },
  Webhook: { rule: 'webhooks:write', id: 'hook_1' },
  WebhookDelivery: { rule: 'webhooks:write', id: 'msg_1' },
}

/** Of each field of each object type, by whom it can be read: by its own rule, or by those of every way to it. */
function readers(): Map<string, Set<Rule>> {
  const found = new Map<string, Set<Rule>>()
  const walk = (type: GraphQLObjectType, field: GraphQLField<unknown, unknown>, rules: readonly Rule[]) => {
    const place = `${type.name}.${field.name}`
    const known = found.get(place) ?? new Set()
    found.set(place, known)
    const own = rulesOf(field) ?? rules
    if (own.every(rule => known.has(rule))) return
    for (const rule of own) known.add(rule)
    const next = getNamedType(field.type)
    const types = isAbstractType(next) ? schema.getPossibleTypes(next) : isObjectType(next) ? [next] : []
    for (const each of types) {
      // One that is not in the table has no rule.
      const given = next.name === 'Node' ? [nodes[each.name]?.rule ?? 'anyone'] : own
      for (const inner of Object.values(each.getFields())) walk(each, inner, given)
    }
  }
  for (const { type, field, rules } of roots) walk(type, field, rules)
  return found
}

const fieldsOf = (type: GraphQLObjectType) =>
  Object.values(type.getFields()).map(field => ({ place: `${type.name}.${field.name}`, field }))
const objects = Object.values(schema.getTypeMap()).filter(
  (type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith('__'),
)

describe('every field of the schema', () => {
  const known = readers()

  test('has a rule of its own or inherits one', () => {
    const open = objects.flatMap(fieldsOf).filter(({ place }) => !known.get(place)?.size)
    expect(open.map(({ place }) => place)).toEqual([])
  })

  test('that anyone may read is of a type that is meant for anyone', () => {
    const types = objects.filter(type => fieldsOf(type).some(({ place }) => known.get(place)!.has('anyone')))
    expect(types.map(({ name }) => name).toSorted()).toEqual([
      'Board',
      'BoardEvent',
      'BoardOrder',
      'Menu',
      'MenuItem',
      'Money',
      'Mutation',
      'Query',
      'RateLimit',
      'Shop',
      'SignInRefused',
      'SignedIn',
      'Subscription',
      'Viewer',
    ])
  })

  test('that holds something personal needs orders:pii, or is told to the voice process alone', () => {
    const personal = /phone|email|address|guest|caller|transcript|words|^(from|name|text|arguments|answer)$/i
    /** What is called so and belongs to no guest; words whose own fields are guarded. */
    const harmless = [
      'ApiKey.name',
      'Call.lastWords',
      'Call.transcript',
      'FunctionCall.name',
      'MenuItem.name',
      'Mutation.recordWords',
      'Mutation.savePhoneNumber',
      'Query.extractPhoneAndOrder',
      'Shop.name',
      'Shop.phone',
      'Viewer.name',
    ]
    const found = objects.flatMap(fieldsOf).filter(({ field }) => personal.test(field.name))
    const unguarded = found.filter(({ place }) =>
      [...known.get(place)!].some(rule => rule !== 'orders:pii' && rule !== 'calls:write'),
    )
    expect(unguarded.map(({ place }) => place).filter(place => !harmless.includes(place))).toEqual([])
    expect(found.length).toBeGreaterThan(harmless.length)
  })

  test('that manages keys is for no console', () => {
    const owners = roots.filter(({ rules }) => rules.includes('keys:write')).map(({ field }) => field.name)
    expect(owners).toEqual(expect.arrayContaining(['apiKeys', 'piiReads', 'createApiKey', 'revokeApiKey']))
    expect(staffScopes).not.toContain('keys:write')
  })
})

/** A value of a type, the simplest there is. */
function valueOf(given: GraphQLInputType): string {
  const type = getNullableType(given)
  if (isListType(type)) return '[]'
  if (isEnumType(type)) return type.getValues()[0]!.name
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter(isRequiredInputField)
    return `{ ${fields.map(field => `${field.name}: ${valueOf(field.type)}`).join(', ')} }`
  }
  const values: Record<string, string> = { Int: '1', Boolean: 'true' }
  return values[type.name] ?? '"1"'
}

/** The shortest document that asks for a root field. */
function documentOf(type: GraphQLObjectType, field: GraphQLField<unknown, unknown>): string {
  const args = field.args.filter(isRequiredArgument).map(arg => `${arg.name}: ${valueOf(arg.type)}`)
  const call = args.length > 0 ? `(${args.join(', ')})` : ''
  const selection = isCompositeType(getNamedType(field.type)) ? ' { __typename }' : ''
  return `${type.name.toLowerCase()} { ${field.name}${call}${selection} }`
}

describe('the rule of a root field holds at the door', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi({ env: { RATE_LIMIT_FACTOR: '10' } })
  })
  afterAll(() => api.close())

  const guarded = roots.filter(({ rules }) => !rules.includes('anyone'))

  test('for strangers, and for keys that have every scope but the one', async () => {
    const keys = new Map<string, string>()
    const keyWithout = async (rules: Rule[]) => {
      const name = rules.join(' ')
      const others = scopes.filter((scope: Scope) => !rules.includes(scope))
      if (!keys.has(name)) keys.set(name, await api.key(...others))
      return keys.get(name)!
    }
    const answers: Record<string, unknown> = {}
    const expected: Record<string, unknown> = {}
    for (const { type, field, rules } of guarded) {
      const road = type.name === 'Subscription' ? bySocket : byHttp
      const document = documentOf(type, field)
      const codes = [await road(api, document), await road(api, document, await keyWithout(rules))]
      answers[document] = codes.map(([error]) => error?.extensions)
      expected[document] = ['UNAUTHENTICATED', 'FORBIDDEN'].map(code => ({
        code,
        scope: rules[0],
        requestId: expect.any(String),
      }))
    }
    expect(answers).toEqual(expected)
    expect(guarded.length).toBeGreaterThan(40)

    for (const { rule, id } of Object.values(nodes)) {
      const document = `{ node(id: "${id}") { __typename } }`
      const key = await keyWithout([rule])
      const codes = [await byHttp(api, document), await byHttp(api, document, key)].map(
        ([error]) => error?.extensions.code,
      )
      const refused = ['UNAUTHENTICATED', 'FORBIDDEN']
      expect({ id, codes }).toEqual({ id, codes: rule === 'anyone' ? [undefined, undefined] : refused })
    }
  })
})
