import {
  getNamedType,
  type GraphQLInputType,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql'
import type { Found } from './found.ts'
import type { Random } from './random.ts'

/** A name as it stands in a document, e.g. of an enum value: without quotes there, with them in JSON. */
export class Bare {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toJSON(): string {
    return this.text
  }
}

const cursorTo = (place: string) => Buffer.from(place).toString('base64url')

/** Texts that have been too much for programs. None is a host name: nobody shall be looked up. */
const oddTexts = [
  ...['', ' ', '\t', '\r\n', '\0', 'a\0b', '\ud800', 'a\udc00b', '\u2028', '\ufeff', '\u202ebobaT\u202c'],
  ...['🧋', '👩‍👩‍👧‍👦', 'e\u0301', 'İ', 'ß', 'ǆ', '珍珠奶茶', 'شاي', '\u0e01\u0e33', '२३४५', '\u{10ffff}'],
  ...['NaN', 'Infinity', '-0', '1e999', '0x10', 'null', 'undefined', 'true', '-1', '1.5', '+1', '00'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', '"', '"""', '\\', '\\u0000', '%', '_', '*'],
  ...[
    "'; drop table shop; --",
    '" or 1=1',
    '$1',
    '?',
    ':id',
    '${1}',
    '{{1}}',
    '<b>',
    '../../menu',
    '#',
    '> ',
  ],
  ...[cursorTo('0:a'), cursorTo('999999999999999:a'), cursorTo('1:a\0b'), cursorTo('NaN:x'), cursorTo(':')],
  ...['9'.repeat(15), '9'.repeat(400), 'x'.repeat(1_000), '🧋'.repeat(5_000), '\0'.repeat(300)],
]

const oddNumbers = [0, -0, -1, 1, 2, 100, 101, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 53, 1e308, 1.5, -1e-9]

const oddMoments = [
  ...['9999-12-31T23:59:59.999Z', '0000-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '1582-10-10T00:00:00Z'],
  ...['+275760-09-13T00:00:00.000Z', '-271821-04-20T00:00:00.000Z', '2026-02-30T00:00:00Z', '2026-11-25'],
  ...['2016-12-31T23:59:60Z', '2026-11-25T24:00:00Z', '2026-11-25T00:00:00+23:59', '1970-01-01T00:00:00Z'],
  ...['9999-12-31', '0000-01-01', '0001-01-01', '2026-02-29', '2026-11-25T10:00:00.1234567890123Z'],
]

/** What makes sense, by the name of an argument or a field; the others get a word or a small number. */
const usual: Record<string, (random: Random, found: Found) => unknown> = {
  after: (random, found) => (random.chance(60) ? found.one(random, 'cursor') : String(random.below(20))),
  callSid: random => `CA${random.below(20)}`,
  call: random => `CA${random.below(20)}`,
  request: random => `request ${random.below(200)}`,
  idempotencyKey: random => `key ${random.below(200)}`,
  flavor: random => random.pick(['taro milk tea', 'black', 'Taro', 'Black Milk Tea']),
  toppings: random => random.pick(['boba', 'egg pudding', 'tapioca', 'foam']),
  addOns: () => 'matcha',
  sweetness: random => random.pick(['50%', '0', 'half']),
  ice: random => random.pick(['less', 'no ice', 'extra']),
  phone: random => random.pick(['555-123-4567', '+15551230000', '(555) 1234567']),
  phoneEndsWith: random => random.pick(['4567', '00', '1']),
  from: random => random.pick(['+15551234567', '555-000-1111', 'anonymous']),
  to: random => random.pick(['+15550001111', '']),
  number: (random, found) => found.one(random, 'number'),
  scopes: random => random.pick(['orders:read', 'menu:read', 'orders:pii', 'keys:write', 'all']),
  url: random =>
    random.pick([
      'http://127.0.0.1:9/',
      'https://127.0.0.1:9/a',
      'http://[::1]:9/',
      'ftp://[::1]/',
      'https://',
    ]),
  document: random =>
    random.pick([
      'fragment Mine on OrderEvent { type cursor order { number phone items { flavor } } }',
      'fragment Mine on OrderEvent { ...Mine }',
      'fragment Mine on Order { number }',
      '{ me { name } }',
    ]),
  // A shop that is shut all the time would refuse all the rest.
  available: random => random.chance(80),
  paused: random => random.chance(10),
  validateOnly: random => random.chance(30),
  script: random => random.pick(['taro-with-boba', '../package']),
  text: random => random.pick(['my number is 555 123 4567', 'order 4 8 5 4', 'hm']),
}

/** What ids begin with, by the name of an argument or else of the field it is given to. */
const kinds: [RegExp, string][] = [
  [/^items?$/, 'item'],
  [/^cups?$/i, 'cup'],
  [/^text$/, 'sms'],
  [/^(delivery|redeliver)$/, 'msg'],
  [/webhook/i, 'hook'],
  [/key/i, 'key'],
  [/order/i, 'ord'],
]

export interface OddValues {
  random: Random
  found: Found
  /** Name of the field that is given the value. */
  field: string
  /** How many of a hundred values are odd. */
  odd: number
}

/** A text of the odd kind. */
export function oddText(random: Random): string {
  return random.chance(80) ? random.pick(oddTexts) : random.pick(oddTexts) + random.pick(oddTexts)
}

/** A value for an argument or a field of an input: mostly one that makes sense, else anything. */
export function valueOf(type: GraphQLInputType, name: string, by: OddValues): unknown {
  const { random } = by
  if (random.chance(by.odd)) return oddValue(type, by)
  if (isNonNullType(type)) return valueOf(type.ofType, name, { ...by, odd: 0 })
  if (isListType(type)) {
    return Array.from({ length: random.pick([0, 1, 1, 1, 2, 3]) }, () => valueOf(type.ofType, name, by))
  }
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter(
      field => isNonNullType(field.type) || random.chance(40),
    )
    return Object.fromEntries(fields.map(field => [field.name, valueOf(field.type, field.name, by)]))
  }
  return plainValue(getNamedType(type), name, by)
}

function plainValue(type: GraphQLNamedType, name: string, { random, found, field }: OddValues): unknown {
  if (isEnumType(type)) return new Bare(random.pick(type.getValues()).name)
  const place = [name, field].find(each => kinds.some(([pattern]) => pattern.test(each)))
  const kind = kinds.find(([pattern]) => place !== undefined && pattern.test(place))?.[1]
  if (type.name === 'ID' && kind && random.chance(85)) return found.one(random, kind)
  if (type.name === 'ID' && name === 'id' && /call$/i.test(field)) return usual.call!(random, found)
  if (usual[name] && type.name !== 'Int') return usual[name](random, found)
  switch (type.name) {
    case 'ID':
      return found.one(random)
    case 'Boolean':
      return random.chance(50)
    case 'Int':
      return random.below(name === 'first' || name === 'minutes' ? 20 : 4)
    case 'DateTime':
      return new Date(Date.UTC(2026, 10, random.below(30), random.below(24))).toISOString()
    case 'LocalDate':
      return `2026-11-${String(1 + random.below(30)).padStart(2, '0')}`
    default:
      return random.pick(['words', 'two words', 'a'])
  }
}

/** Strange but of the right kind, so that it goes far; or of the wrong kind, from elsewhere, too large. */
function oddValue(type: GraphQLInputType, by: OddValues): unknown {
  const { random, found } = by
  const named = getNamedType(type)
  const strange = ofKind(named.name, random)
  if (strange !== undefined && random.chance(60)) return isList(type) ? [strange] : strange
  switch (random.below(12)) {
    case 0:
      return null
    case 1:
      return random.pick(oddNumbers)
    case 2:
      return random.pick(oddMoments)
    case 3:
      return random.chance(50)
    case 4:
      return nested(random.below(40), random.chance(50))
    case 5:
      return Array.from({ length: random.pick([0, 1, 11, 300]) }, () => random.pick(['boba', null, 1, 'x']))
    case 6:
      return new Bare(random.pick(['NOTHING', 'READY', 'null', 'TODAY', '__typename']))
    case 7:
      return found.one(random)
    case 8:
      return isInputObjectType(named)
        ? {
            ...(valueOf(named, '', { ...by, odd: 0 }) as object),
            [random.pick(['__proto__x', 'extra', 'id'])]: 1,
          }
        : { [random.pick(['a', 'toString', 'id'])]: oddText(random) }
    case 9:
      return named.name === 'Int' ? random.pick(oddNumbers) : oddText(random)
    default:
      return named.name.includes('Date') ? random.pick(oddMoments) : oddText(random)
  }
}

/** Something strange of a kind that fits. */
function ofKind(type: string, random: Random): string | number | undefined {
  if (type === 'Int') return random.pick([0, -1, 1, 100, 101, 2 ** 31 - 1, -(2 ** 31)])
  if (type.includes('Date')) return random.pick(oddMoments)
  return ['String', 'ID', 'PhoneNumber'].includes(type) ? oddText(random) : undefined
}

const isList = (type: GraphQLInputType): boolean => isListType(isNonNullType(type) ? type.ofType : type)

function nested(depth: number, lists: boolean): unknown {
  let value: unknown = 'deep'
  for (let i = 0; i < depth; i += 1) value = lists ? [value] : { value }
  return value
}

/** The value as it stands in a document. */
export function literalOf(value: unknown): string {
  if (value instanceof Bare) return value.text
  if (Array.isArray(value)) return `[${value.map(literalOf).join(' ')}]`
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([name, each]) => `${name}: ${literalOf(each)}`)
      .join(' ')}}`
  }
  return JSON.stringify(value)
}
