import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isAbstractType,
  isInterfaceType,
  isLeafType,
  isNonNullType,
  isObjectType,
} from 'graphql'
import type { Found } from './found.ts'
import { literalOf, oddText, valueOf } from './odd-values.ts'
import type { Random } from './random.ts'

/** What a request asks for. */
export interface Asked {
  query: string
  variables: Record<string, unknown>
  operationName?: string
}

export type Kind = 'query' | 'mutation' | 'subscription'

export interface Writing {
  schema: GraphQLSchema
  random: Random
  found: Found
  /** Root fields that shall not be asked for. */
  without?: string[]
}

/** A document that fits the schema, but for some of its values. */
export function writeDocument(kind: Kind, writing: Writing): Asked {
  return new Writer(writing).operation(kind)
}

/** Without these there would be nothing to be odd about. */
const often = new Set([
  ...[
    'orders',
    'placeOrder',
    'startCall',
    'addToCart',
    'confirmPendingToCart',
    'checkoutOrder',
    'markOrderReady',
  ],
  ...['webhooks', 'registerWebhook', 'apiKeys'],
])

const deepest = 5
const many = 4

class Writer {
  readonly #schema: GraphQLSchema
  readonly #random: Random
  readonly #found: Found
  readonly #without: string[]
  /** Of a hundred values; many documents have none at all, or nothing would ever be done. */
  #odd = 0
  readonly #declared: string[] = []
  readonly #variables: Record<string, unknown> = {}
  readonly #fragments: string[] = []
  #names = 0

  constructor({ schema, random, found, without = [] }: Writing) {
    this.#schema = schema
    this.#random = random
    this.#found = found
    this.#without = without
  }

  operation(kind: Kind): Asked {
    const random = this.#random
    this.#odd = random.pick(kind === 'mutation' ? [0, 0, 0, 5, 40] : [0, 5, 60])
    const root = this.#schema.getRootType(kind as never)!
    const fields = Object.values(root.getFields()).filter(({ name }) => !this.#without.includes(name))
    const usual = fields.filter(({ name }) => often.has(name))
    const count = kind === 'subscription' || random.chance(70) ? 1 : 1 + random.below(3)
    const depth = random.chance(3) ? 12 : 1 + random.below(deepest)
    const body = Array.from({ length: count }, () =>
      this.#field(random.pick(usual.length > 0 && random.chance(40) ? usual : fields), depth, count > 1),
    ).join(' ')
    const declared = this.#declared.length > 0 ? `(${this.#declared.join(', ')})` : ''
    const name = random.chance(30) ? 'Odd' : ''
    return {
      query: [`${kind} ${name}${declared} { ${body} }`, ...this.#fragments].join('\n'),
      variables: this.#variables,
      ...(name && random.chance(50) && { operationName: name }),
    }
  }

  #field(field: GraphQLField<unknown, unknown>, depth: number, alias: boolean): string {
    const random = this.#random
    const args = field.args
      .filter(arg => (isNonNullType(arg.type) && arg.defaultValue === undefined) || random.chance(40))
      .map(arg => `${arg.name}: ${this.#argument(arg, field.name)}`)
    const name = alias || random.chance(3) ? `${this.#name()}: ${field.name}` : field.name
    const given = args.length > 0 ? `(${args.join(', ')})` : ''
    return `${name}${given}${this.#directive()}${this.#selection(getNamedType(field.type), depth)}`
  }

  #argument({ type, name, defaultValue }: GraphQLArgument, field: string): string {
    const random = this.#random
    const value = valueOf(type, name, { random, found: this.#found, field, odd: this.#odd })
    if (random.chance(40)) return literalOf(value)
    const variable = this.#name()
    // A default lets null in where it may not be.
    const looser = isNonNullType(type) && defaultValue !== undefined && random.chance(50)
    this.#declared.push(`$${variable}: ${String(looser ? type.ofType : type)}`)
    if (!random.chance(this.#odd / 4)) this.#variables[variable] = value
    return `$${variable}`
  }

  #directive(): string {
    const random = this.#random
    if (!random.chance(4)) return ''
    const directive = random.pick(['skip', 'include'])
    if (random.chance(50)) return ` @${directive}(if: ${random.chance(50)})`
    const variable = this.#name()
    this.#declared.push(`$${variable}: ${random.pick(['Boolean!', 'Boolean = true', 'Boolean! = false'])}`)
    if (random.chance(70)) this.#variables[variable] = random.pick([true, false, null])
    return ` @${directive}(if: $${variable})`
  }

  #selection(type: GraphQLNamedType, depth: number): string {
    if (isLeafType(type)) return ''
    const random = this.#random
    const inside = isAbstractType(type) ? this.#members(type, depth) : this.#fields(type, depth)
    if (random.chance(5)) {
      const name = `F${this.#name()}`
      this.#fragments.push(`fragment ${name} on ${type.name} { ${inside} }`)
      return ` { ...${name} }`
    }
    return random.chance(5)
      ? ` { ...${random.chance(50) ? `on ${type.name} ` : ''}{ ${inside} } }`
      : ` { ${inside} }`
  }

  #members(type: GraphQLNamedType, depth: number): string {
    if (!isAbstractType(type)) return '__typename'
    const own = isInterfaceType(type) ? this.#fields(type, 0) : '__typename'
    const members = this.#schema.getPossibleTypes(type).filter(() => this.#random.chance(70))
    // Fields of one name must agree wherever they meet.
    return [own, ...members.map(each => `... on ${each.name} { ${this.#fields(each, depth, true)} }`)].join(
      ' ',
    )
  }

  #fields(type: GraphQLNamedType, depth: number, meeting = false): string {
    if (!isObjectType(type) && !isInterfaceType(type)) return '__typename'
    const random = this.#random
    const fields = Object.values(type.getFields()).filter(
      ({ type: of, args }) => (depth > 1 && !(meeting && args.length > 0)) || isLeafType(getNamedType(of)),
    )
    const picked = Array.from({ length: 1 + random.below(many) }, () => random.pick(fields))
    const written = [...new Set(picked)]
      .filter(Boolean)
      .map(field =>
        this.#field(field as GraphQLField<unknown, unknown>, depth - 1, meeting && !isLeafType(field.type)),
      )
    return written.length > 0 && random.chance(80) ? written.join(' ') : ['__typename', ...written].join(' ')
  }

  #name(): string {
    this.#names += 1
    return `v${this.#names}`
  }
}

/** What may be wrong with a whole document. */
const faults: ((asked: Asked, random: Random) => string)[] = [
  ({ query }) => `${query} fragment A on Query { ...B } fragment B on Query { ...A }`,
  ({ query }) => `${query.replace('{', '{ ...A ')} fragment A on Query { ...A }`,
  ({ query }) => `${query.replace('{', '{ ...A ')} fragment A on Order { number }`,
  ({ query }) => `${query} fragment Unused on Order { number }`,
  ({ query }) => query.replace('{', '{ ...Missing '),
  ({ query }) => query.replace('{', '@unknown(a: 1) {'),
  ({ query }) => query.replace(' }', ' @skip(if: true) @skip(if: false) @include(if: $missing) }'),
  ({ query }) => query.replace('{', '{ __typename @skip(if: true) @include(if: "yes") '),
  ({ query }) => `${query} query Other { __typename }`,
  ({ query }) => `${query} { __typename }`,
  ({ query }) => `${query} ${query}`,
  ({ query }) => `${query} subscription { boardEvents { type } liveCalls { at } }`,
  ({ query }) => `${query} type Mine { a: Int } extend schema @a`,
  ({ query }) => query.replace('{', '{ __schema { types { fields { type { ofType { name } } } } } '),
  ({ query }) =>
    query.replace('{', `{ ${Array.from({ length: 20 }, (_, i) => `t${i}: __typename`).join(' ')} `),
  ({ query }) => query.replace('{', `{ ${'... { '.repeat(40)}__typename${' }'.repeat(40)} `),
  () => `{ ${'node(id: "a") { ... on Order { '.repeat(12)} id ${'} }'.repeat(12)} }`,
  () => `{ ${'a { '.repeat(300)}`,
  (_, random) => `{ orders(first: ${'['.repeat(random.pick([10, 400, 3_000]))}`,
  (_, random) => `{ ${'__typename '.repeat(random.pick([900, 1_100, 9_000]))} }`,
  (_, random) => `{ order(number: ${JSON.stringify(oddText(random).repeat(20))}) { id } }`,
  // Each fragment twice the one before.
  () =>
    `{ menu { ...F0 } } ${Array.from({ length: 30 }, (_, i) => `fragment F${i} on Menu { a${i}: shop { id } ...F${i + 1} ...F${i + 1} }`).join(' ')} fragment F30 on Menu { maxDrinks }`,
  () => `{ menu { ${Array.from({ length: 100 }, () => 'items { name } ... { items { id } }').join(' ')} } }`,
]

/** The same with a fault. */
export function spoil(asked: Asked, random: Random): Asked {
  return { ...asked, query: random.pick(faults)(asked, random) }
}

const tokens = /"""[^]*?"""|"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*|-?\d[\w.+-]*|\.\.\.|\S/g
const strangers = [
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  ':',
  '!',
  '$',
  '@',
  '...',
  '|',
  '&',
  '=',
  '"',
  '"""',
  '#',
  '\\',
  '\0',
  '🧋',
  '1e999',
  '-',
  'on',
  'null',
  'fragment',
  'extend',
]

/** The same with some of its tokens dropped, doubled, swapped or strange. */
export function mangle(asked: Asked, random: Random): Asked {
  const list: string[] = asked.query.match(tokens) ?? []
  for (let times = 1 + random.below(4); times > 0 && list.length > 1; times -= 1) {
    const [one, other] = [random.below(list.length), random.below(list.length)]
    switch (random.below(5)) {
      case 0:
        list.splice(one, 1)
        break
      case 1:
        list.splice(one, 0, list[other]!)
        break
      case 2:
        ;[list[one], list[other]] = [list[other]!, list[one]!]
        break
      case 3:
        list[one] = random.pick(strangers)
        break
      default:
        list.splice(one, 0, random.pick(strangers).repeat(random.pick([1, 2, 50])))
    }
  }
  return { ...asked, query: list.join(' ') }
}
