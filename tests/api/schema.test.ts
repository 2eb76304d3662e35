import { glob, readFile } from 'node:fs/promises'
import {
  getNamedType,
  type GraphQLInterfaceType,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  isUnionType,
  lexicographicSortSchema,
  printSchema,
} from 'graphql'
import { guard } from '../../api/auth/allow.ts'
import { expect, test } from 'vitest'
import { createSchema } from '../../api/schema.ts'

const schema = createSchema()
const own = Object.values(schema.getTypeMap()).filter(
  ({ name }) => !name.startsWith('__') && !['Boolean', 'Float', 'ID', 'Int', 'String'].includes(name),
)

test('every type, field, argument and enum value is described', () => {
  const bare: string[] = []
  const check = (place: string, described: { description?: string | null }) => {
    if (!described.description?.trim()) bare.push(place)
  }
  for (const type of own) {
    check(type.name, type)
    if (isEnumType(type)) for (const value of type.getValues()) check(`${type.name}.${value.name}`, value)
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue
    for (const field of Object.values(type.getFields())) {
      check(`${type.name}.${field.name}`, field)
      if ('args' in field) for (const arg of field.args) check(`${type.name}.${field.name}(${arg.name})`, arg)
    }
  }
  expect(bare).toEqual([])
})

test('schema.graphql is what the code says', async () => {
  expect(await readFile('schema.graphql', 'utf8')).toBe(`${printSchema(lexicographicSortSchema(schema))}\n`)
})

const outputs = own
  .filter(type => isObjectType(type) || isInterfaceType(type))
  .flatMap(type =>
    Object.values(type.getFields()).map(field => ({ field, place: `${type.name}.${field.name}` })),
  )
const inputs = own
  .filter(isInputObjectType)
  .flatMap(type =>
    Object.values(type.getFields()).map(field => ({ field, place: `${type.name}.${field.name}` })),
  )
/** "[ID!]!" → "ID" */
const named = ({ type }: { type: unknown }) => String(type).replaceAll(/[[\]!]/g, '')
const UserError = schema.getType('UserError')
const failures = schema.getImplementations(UserError as GraphQLInterfaceType).objects

test('the failures of every result are UserErrors, and only they look like failures', () => {
  const unions = own.filter(isUnionType)
  expect(unions.filter(({ name }) => !name.endsWith('Result')).map(String)).toEqual([])
  const members = unions.flatMap(union => union.getTypes())
  for (const union of unions) {
    expect(
      union.getTypes().filter(type => failures.includes(type)),
      union.name,
    ).toHaveLength(1)
  }
  const looking = members.filter(type => /Refused|Failed|Error/.test(type.name) || 'code' in type.getFields())
  expect(new Set(looking)).toEqual(new Set(failures))
})

test('every code of a refusal stands in the contract, and every code of the contract in the source', async () => {
  const lists = [...failures, schema.getType('AgentAnswer')!].map(
    ({ name, description }) => / Codes: ([A-Z_, ]+)\.$/.exec(description!)?.[1]?.split(', ') ?? [name],
  )
  const described = new Set(lists.flat())
  const refused = new Set<string>()
  let source = ''
  for await (const file of glob('{api,voice}/**/*.ts')) {
    const text = await readFile(file, 'utf8')
    // Which code goes with which type is described there, so that is no proof.
    source += text.replaceAll(/describeRefusal\([^)]*\)/g, '')
    if (!/import \{[^}]*\brefuse\b[^}]*\} from '.*refusal\.ts'/.test(text)) continue
    for (const [, first] of text.matchAll(/\brefuse\(([^,]*),/g)) {
      for (const [, code] of first!.matchAll(/'([A-Z][A-Z_]+)'/g)) refused.add(code!)
    }
  }
  expect(refused.size).toBeGreaterThan(50)
  expect([...refused].filter(code => !described.has(code))).toEqual([])
  const known = (code: string) => source.includes(`'${code.replace(/^ORDER_ALREADY_/, '')}'`)
  expect([...described].filter(code => !known(code))).toEqual([])
})

test('phone numbers are PhoneNumbers, except what Twilio and language models say', () => {
  const numbers = [...outputs, ...inputs].filter(({ field }) => /^(phone|from)$/.test(field.name))
  const others = numbers.filter(({ field }) => named(field) !== 'PhoneNumber')
  expect(others.map(({ place }) => place).toSorted()).toEqual([
    'RecordWordsInput.from',
    'StartCallInput.from',
  ])
  expect(numbers.length).toBeGreaterThan(6)
})

test('ids and cursors are described as opaque', () => {
  const ids = outputs.filter(({ field }) => named(field) === 'ID')
  const cursors = outputs.filter(({ field }) => /cursor$/i.test(field.name))
  const args = outputs.flatMap(({ field, place }) =>
    field.args.filter(({ name }) => name === 'after').map(arg => ({ place: `${place}(after)`, field: arg })),
  )
  const clear = [...ids, ...cursors, ...args].filter(
    // Ids of calls are Twilio's, and ids of functions Deepgram's.
    ({ field }) => !/opaque|CallSid|Twilio|Id of the call|Answers the requests/i.test(field.description!),
  )
  expect(clear.map(({ place }) => place)).toEqual([])
  expect(ids.length).toBeGreaterThan(10)
})

/** Lists of objects that are no connections, each with what keeps it short. */
const short: Record<string, string> = {
  'Board.orders': 'what is on a screen: orders that are being made',
  'Board.ready': 'what is on a screen: orders that were called lately',
  'Call.cart': 'ten drinks at most',
  'Call.functions': 'what happens in one call',
  'Call.lastWords': 'twenty at most',
  'Call.transcript': 'cut off at longestTranscript',
  'CartAnswer.items': 'ten drinks at most',
  'CheckoutAnswer.items': 'ten drinks at most',
  'Day.hours': 'a day has 25 at most',
  'LiveCalls.calls': 'MAX_CALLS of a voice process',
  'Menu.addOns': 'a menu is read as a whole',
  'Menu.flavors': 'a menu is read as a whole',
  'Menu.items': 'a menu is read as a whole',
  'Menu.toppings': 'a menu is read as a whole',
  'Order.items': 'ten drinks at most',
  'Order.texts': 'one for each thing a guest is told, and what staff send again by hand',
  'OrderQuote.drinks': 'ten drinks at most',
  'WebhookDelivery.attempts': 'tries end after a day, and come less and less often',
}

test('every list of objects is a connection, or is known to stay short', () => {
  const lists = outputs.filter(
    ({ field, place }) =>
      String(field.type).includes('[') &&
      !isLeafType(getNamedType(field.type)) &&
      !/^\w+Connection\.(edges|nodes)$/.test(place),
  )
  expect(lists.map(({ place }) => place).toSorted()).toEqual(Object.keys(short))
  const pages = outputs.filter(({ field }) => /^\w+Connection$/.test(named(field)))
  expect(pages.map(({ place }) => place)).toEqual(expect.arrayContaining(['Query.orders', 'Query.calls']))
  for (const { field, place } of pages) {
    expect(
      field.args.map(({ name }) => name),
      place,
    ).toEqual(expect.arrayContaining(['first', 'after']))
  }
})

test('a guarded field that could not answer null stops the start', () => {
  const Query = new GraphQLObjectType({
    name: 'Query',
    fields: { thing: { type: thing(), extensions: { rules: ['anyone'] } } },
  })
  expect(() => guard(new GraphQLSchema({ query: Query }))).toThrow('Thing.secret has an access rule')
})

const thing = () =>
  new GraphQLObjectType({
    name: 'Thing',
    fields: { secret: { type: new GraphQLNonNull(GraphQLString), extensions: { rules: ['orders:pii'] } } },
  })
