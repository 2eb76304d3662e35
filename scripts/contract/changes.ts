import { type Change, CriticalityLevel, diff, DiffRule } from '@graphql-inspector/core'
import { buildSchema } from 'graphql'

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

/** What has changed from one contract to another, the worst first. Descriptions may change as they like. */
export async function changesBetween(before: string, after: string): Promise<ContractChange[]> {
  const found = await diff(buildSchema(before), buildSchema(after), [DiffRule.ignoreDescriptionChanges])
  const whole = new Map(found.filter(({ type }) => additions.test(type)).map(each => [each.path, each]))
  const told = found.filter(
    change =>
      !repetitions.test(change.type) &&
      !ancestors(change.path).some(path => isPartOf(whole.get(path), change)),
  )
  const changes = new Map(told.map(changeOf).map(change => [change.line, change]))
  return [...changes.values()].sort(
    (one, other) => kinds.indexOf(one.kind) - kinds.indexOf(other.kind) || (one.line < other.line ? -1 : 1),
  )
}

/** "Order.name" → "Order.name", "Order" */
function ancestors(path = ''): string[] {
  const end = path.lastIndexOf('.')
  return end < 0 ? [path] : [path, ...ancestors(path.slice(0, end))]
}

const isPartOf = (whole: Change | undefined, change: Change) => whole !== undefined && whole !== change

function changeOf(change: Change): ContractChange {
  const { message, meta, path } = change
  const name = path?.replace(/\.@deprecated$/, '') ?? 'schema'
  const reason = reasonOf(meta as Record<string, unknown>)
  return {
    kind: kindOf(change),
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
