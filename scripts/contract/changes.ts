import { type Change, CriticalityLevel, diff, DiffRule } from '@graphql-inspector/core'
import {
  buildSchema,
  type GraphQLArgument,
  type GraphQLNamedType,
  type GraphQLSchema,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql'

/** What a change means to programs that were written before it, the worst first. */
export const kinds = ['Breaking', 'Dangerous', 'Deprecated', 'Added', 'Changed', 'Removed'] as const

export type Kind = (typeof kinds)[number]

/** A difference between two contracts. */
export interface ContractChange {
  kind: Kind
  /** How the change log names it: "`Order.name`: Field 'name' was removed from object type 'Order'". */
  line: string
}

/** Breaks programs, or may: what a union or an enum can be is more than they know. */
export const isCritical = ({ kind }: ContractChange): boolean => kind === 'Breaking' || kind === 'Dangerous'

/** What is new as a whole: a type, a field, an argument. */
const additions = /^(TYPE|FIELD|FIELD_ARGUMENT|INPUT_FIELD|ENUM_VALUE|DIRECTIVE)_ADDED$/

/** Said a second time; only that an argument or a part of an input is deprecated is said in no other way. */
const repetitions = /^DIRECTIVE_USAGE_(?!(ARGUMENT|INPUT_FIELD)_DEFINITION_)/

/**
 * What has changed from one contract to another, the worst first. Descriptions may change as they like, all but the codes
 * of failures that stand in them.
 */
export async function changesBetween(before: string, after: string): Promise<ContractChange[]> {
  const [old, next] = [buildSchema(before), buildSchema(after)]
  const found = await diff(old, next, [DiffRule.ignoreDescriptionChanges])
  const whole = new Map(found.filter(({ type }) => additions.test(type)).map(each => [each.path, each]))
  const told = found.filter(
    change =>
      !repetitions.test(change.type) &&
      !ancestors(change.path).some(path => isPartOf(whole.get(path), change)),
  )
  const required = requiredIn(next)
  const all = [...told.map(change => changeOf(change, required)), ...changesOfCodes(old, next)]
  const changes = new Map(all.map(change => [change.line, change]))
  return [...changes.values()].sort(
    (one, other) => kinds.indexOf(one.kind) - kinds.indexOf(other.kind) || (one.line < other.line ? -1 : 1),
  )
}

/** The codes that a failure can have, as `describeRefusal` writes them. To programs they are the values of an enum. */
const codesOf = ({ description }: GraphQLNamedType): string[] =>
  / Codes: ([A-Z_, ]+)\.$/.exec(description ?? '')?.[1]!.split(', ') ?? []

function changesOfCodes(before: GraphQLSchema, after: GraphQLSchema): ContractChange[] {
  return Object.values(before.getTypeMap()).flatMap(type => {
    const next = after.getType(type.name)
    // That it is gone is told already.
    if (!next) return []
    const [had, has] = [codesOf(type), codesOf(next)]
    const lines = (kind: Kind, what: string, codes: string[]): ContractChange[] =>
      codes.map(code => ({ kind, line: `\`${type.name}\`: Code '${code}' was ${what}` }))
    return [
      ...lines(
        'Breaking',
        'removed',
        had.filter(code => !has.includes(code)),
      ),
      ...lines(
        'Dangerous',
        'added',
        has.filter(code => !had.includes(code)),
      ),
    ]
  })
}

/** Paths of all arguments and parts of an input that have to be given. */
function requiredIn(schema: GraphQLSchema): Set<string> {
  const ofArgs = (owner: string, args: readonly GraphQLArgument[]) =>
    args.filter(isRequiredArgument).map(({ name }) => `${owner}.${name}`)
  const ofTypes = Object.values(schema.getTypeMap()).flatMap(type => {
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter(isRequiredInputField)
      return fields.map(({ name }) => `${type.name}.${name}`)
    }
    if (!isObjectType(type) && !isInterfaceType(type)) return []
    return Object.values(type.getFields()).flatMap(({ name, args }) => ofArgs(`${type.name}.${name}`, args))
  })
  return new Set([
    ...ofTypes,
    ...schema.getDirectives().flatMap(({ name, args }) => ofArgs(`@${name}`, args)),
  ])
}

/** "Order.name" → "Order.name", "Order" */
function ancestors(path = ''): string[] {
  const end = path.lastIndexOf('.')
  return end < 0 ? [path] : [path, ...ancestors(path.slice(0, end))]
}

const isPartOf = (whole: Change | undefined, change: Change) => whole !== undefined && whole !== change

function changeOf(change: Change, required: Set<string>): ContractChange {
  const { message, meta, path } = change
  const name = path?.replace(/\.@deprecated$/, '') ?? 'schema'
  const reason = reasonOf(meta as Record<string, unknown>)
  return {
    // What may no longer be left out breaks those who do, though all that is gone is a default.
    kind: /DEFAULT/.test(change.type) && required.has(path ?? '') ? 'Breaking' : kindOf(change),
    line: `\`${name}\`: ${message.replaceAll(/\s+/g, ' ')}${reason && `. ${reason}`}`,
  }
}

/** Why something is deprecated; the message does not tell. */
function reasonOf({ deprecationReason }: Record<string, unknown>): string {
  return typeof deprecationReason === 'string' ? deprecationReason : ''
}

function kindOf({ criticality: { level }, message, type }: Change): Kind {
  if (level === CriticalityLevel.Breaking) return 'Breaking'
  if (level === CriticalityLevel.Dangerous) return 'Dangerous'
  if (type.includes('DEPRECAT') || message.startsWith("Directive 'deprecated'")) {
    return type.includes('REMOVED') ? 'Changed' : 'Deprecated'
  }
  if (type.endsWith('_ADDED')) return 'Added'
  return type.endsWith('_REMOVED') ? 'Removed' : 'Changed'
}
