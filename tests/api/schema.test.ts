import { readFile } from 'node:fs/promises'
import {
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
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

test('every list that may grow long is a connection', () => {
  const { orders, calls } = schema.getQueryType()!.getFields()
  expect([String(orders!.type), String(calls!.type)]).toEqual(['OrderConnection!', 'CallConnection!'])
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
