import { Kind, type TypeNode } from 'graphql'
import type { AgentFunction, Parameter } from './functions.ts'

/** Arguments that cannot be understood: a sentence that tells the model what to do. */
export class BadArguments extends Error {}

/** Names are compared without case and punctuation: a model may write addOns or add_ons for addons. */
const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '')

const isNothing = (value: unknown) =>
  value == null || (typeof value === 'string' && /^\s*(null|undefined)?\s*$/i.test(value))

/**
 * Understands what a language model wrote as arguments: "boba" for ["boba"], 50 for "50", "1" for 1, null for nothing.
 * @param text JSON, or what the model takes for it
 * @throws BadArguments with a sentence for the model
 */
export function readArguments({ name, parameters }: AgentFunction, text: string): Record<string, unknown> {
  const given = objectOf(name, text)
  const read: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(given)) {
    const parameter = parameters.find(each => plain(each.name) === plain(key))
    if (isNothing(value)) continue
    if (parameter) read[parameter.name] = coerce(parameter, value, parameter.type)
    // Models like to give something to functions that take nothing.
    else if (parameters.length > 0) {
      throw new BadArguments(
        `${name} takes no "${key.slice(0, 40)}". It takes ${listed(parameters)}. Call it again with these only.`,
      )
    }
  }
  const missing = parameters.find(({ name, required }) => required && isNothing(read[name]))
  if (missing) {
    throw new BadArguments(
      `${name} needs ${missing.name}: ${missing.description}. Ask the caller if you do not know it.`,
    )
  }
  return read
}

const listed = (parameters: Parameter[]) => parameters.map(({ name }) => name).join(', ')

function objectOf(name: string, text: string): object {
  let value: unknown
  try {
    value = text.trim() === '' ? {} : JSON.parse(text)
  } catch {
    throw new BadArguments(`The arguments of ${name} were no JSON. Call it again with a JSON object.`)
  }
  if (value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new BadArguments(`The arguments of ${name} have to be a JSON object. Call it again.`)
  }
  return value
}

function coerce(parameter: Parameter, value: unknown, type: TypeNode): unknown {
  switch (type.kind) {
    case Kind.NON_NULL_TYPE:
      return coerce(parameter, value, type.type)
    case Kind.LIST_TYPE:
      return listOf(value).map(item => coerce(parameter, item, type.type))
    case Kind.NAMED_TYPE:
      return type.name.value === 'Int' ? integer(parameter, value) : string(parameter, value)
  }
}

/** "boba, egg pudding and cream" is a list to a model. */
function listOf(value: unknown): unknown[] {
  const items = Array.isArray(value)
    ? value
    : typeof value === 'string'
      ? value.split(/\s*(?:[,;&]|\band\b)\s*/i)
      : [value]
  return items.filter(item => !isNothing(item))
}

function string(parameter: Parameter, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value) && value.length === 1) return string(parameter, value[0])
  throw new BadArguments(
    `${parameter.name} has to be text: ${parameter.description}. Call the function again.`,
  )
}

function integer(parameter: Parameter, value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (Number.isSafeInteger(number) && Math.abs(number as number) < 2 ** 31) return number as number
  throw new BadArguments(
    `${parameter.name} has to be a whole number: ${parameter.description}. Call the function again.`,
  )
}
