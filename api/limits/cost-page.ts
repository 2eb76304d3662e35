import {
  getNamedType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  parse,
} from 'graphql'
import { anyone } from '../auth/viewer.ts'
import {
  charactersPerPoint,
  checkLimits,
  limits,
  listSize,
  longList,
  mutationCost,
  requestCost,
} from './limits.ts'

/** Rows of the page that the table reckons with. */
const page = 20

/** Scalars that take no text of any kind. */
const values: Record<string, string> = {
  Boolean: 'true',
  DateTime: '"2026-01-01T00:00:00Z"',
  Float: '1',
  Int: '1',
  JSONObject: '{}',
  LocalDate: '"2026-01-01"',
  PhoneNumber: '"+15551234567"',
}

/** Requests that show how points add up, and why. */
const examples: [why: string, document: string][] = [
  ['An object costs 1, its scalars nothing.', '{ me { kind name scopes } }'],
  [
    `A list without \`first\` is reckoned as ${listSize} rows: \`menu\` 1, and ${listSize} items of 1 with a price of 1 each.`,
    '{ menu { items { name price { amount } } } }',
  ],
  [
    'A page costs its rows, whether there are so many or not: `orders` 1, and 20 orders with a total of 1. `nodes` itself is what was paid for.',
    '{ orders(first: 20) { nodes { number total { amount } } } }',
  ],
  [
    `Lists in rows multiply: each of 20 orders has a total of 1, and ${listSize} cups of 1 with a price of 1 each.`,
    '{ orders(first: 20) { nodes { number total { amount } items { flavor price { amount } } } } }',
  ],
  [
    `A mutation costs ${mutationCost} more. Both members of the union are reckoned with, the dearer one counts.`,
    'mutation { startOrder(id: "ord_…") { ... on Order { number total { amount } } ... on UserError { code } } }',
  ],
]

/** docs/cost.md: what each root field costs, by the reckoning that requests are held to. */
export function costPage(schema: GraphQLSchema): string {
  const costOf = (document: string) =>
    requestCost(document) + checkLimits(schema, parse(document), {}, anyone, true)
  const roots = [
    ['Queries', 'query', schema.getQueryType()],
    ['Mutations', 'mutation', schema.getMutationType()],
    ['Subscriptions', 'subscription', schema.getSubscriptionType()],
  ] as const
  const tables = roots.map(([title, operation, type]) => {
    const fields = Object.values(type!.getFields()).toSorted((a, b) => a.name.localeCompare(b.name))
    const rows = fields.map(field => {
      const points = [0, 1].map(depth =>
        costOf(`${operation} { ${call(field)}${selection(field.type, depth)} }`),
      )
      return `| \`${field.name}${isPaged(field) ? `(first: ${page})` : ''}\` | ${points.join(' | ')} |`
    })
    return `## ${title}\n\n| field | its scalars | with its objects |\n| --- | ---: | ---: |\n${rows.join('\n')}\n`
  })
  const worked = examples.map(
    ([why, document]) => `${why}\n\n\`\`\`graphql\n${document}\n\`\`\`\n\n${costOf(document)} points.\n`,
  )
  return [heading, ...worked, between, ...tables].join('\n')
}

const heading = `# What costs how much

Written by \`npm run schema\` from the schema, by the same reckoning that each request is held to; [keys and
limits](keys-and-limits.md#points) tells what there is to spend. One operation may cost ${limits.cost.toLocaleString('en-US')} points at most.

A request costs 1 point, and 1 for every ${charactersPerPoint} characters of its document, whatever it asks for. Beyond that an object costs 1
and a scalar nothing; a list costs its rows, \`first\` of a connection and else ${listSize} (of what was said on a call and what its agent
did, ${longList}); a mutation costs ${mutationCost} more. Every answer says what it has cost, in \`extensions.cost.requested\`.

A subscription is paid for once, and what happens from then on is free. Each event that is told again, because it happened
before the stream began, costs as much as the subscription did: the stream waits until the points are there.
`

const between = `The tables below say what a request with one root field costs: with the scalars of what it answers, and with the scalars of
the objects and lists directly below that too. Pages are reckoned with ${page} rows.
`

const isPaged = ({ args }: GraphQLField<unknown, unknown>) => args.some(({ name }) => name === 'first')

/** The field with the arguments it cannot do without. */
function call(field: GraphQLField<unknown, unknown>): string {
  const given = field.args
    .filter(arg => isRequiredArgument(arg) || arg.name === 'first')
    .map(({ name, type }) => `${name}: ${name === 'first' ? page : valueOf(type)}`)
  return field.name + (given.length > 0 ? `(${given.join(', ')})` : '')
}

/** The shortest value that fits. */
function valueOf(type: GraphQLInputType): string {
  const bare = isNonNullType(type) ? type.ofType : type
  if (isListType(bare)) return '[]'
  if (isEnumType(bare)) return bare.getValues()[0]!.name
  if (!isInputObjectType(bare)) return values[getNamedType(bare).name] ?? '"x"'
  const fields = Object.values(bare.getFields()).filter(isRequiredInputField)
  return `{ ${fields.map(({ name, type }) => `${name}: ${valueOf(type)}`).join(', ')} }`
}

/** All scalars of a type, and what is so many levels below it; of a connection its rows. */
function selection(of: GraphQLField<unknown, unknown>['type'] | GraphQLNamedType, depth: number): string {
  const type = getNamedType(of)
  if (isLeafType(type)) return ''
  if (isAbstractType(type) && !('getFields' in type)) {
    return ` { __typename ${type
      .getTypes()
      .map(each => `... on ${each.name}${selection(each, depth)}`)
      .join(' ')} }`
  }
  if (!isObjectType(type)) return ' { __typename }'
  const fields = Object.values(type.getFields()).filter(
    ({ name, args }) => name !== 'edges' && !args.some(isRequiredArgument),
  )
  const rows = fields.find(({ name }) => name === 'nodes')
  if (rows) return ` { nodes${selection(rows.type, depth)} }`
  const selected = fields.flatMap(field => {
    if (isLeafType(getNamedType(field.type))) return [field.name]
    return depth > 0 ? [field.name + selection(field.type, depth - 1)] : []
  })
  return ` { __typename ${selected.join(' ')} }`
}
