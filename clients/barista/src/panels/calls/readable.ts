import { moneyWords } from '../../words.ts'

/** One thing of what a function was asked with or answered. */
export interface Entry {
  name: string
  text: string
}

/** Said elsewhere, or only of use to programs. */
const hidden = new Set(['call', 'request', 'ok', 'code', 'staged', '__typename'])

/** What a function was asked with or answered, as lines for people; what says the same twice is said once. */
export function readable(value: unknown): Entry[] {
  if (!isObject(value)) return []
  const said = new Set<string>([''])
  return Object.entries(value).flatMap(([key, part]) => {
    const text = hidden.has(key) ? '' : textOf(part)
    if (said.has(text)) return []
    said.add(text)
    return [{ name: nameOf(key), text }]
  })
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return list(value, ' · ')
  if (!isObject(value)) return String(value)
  const { amount, currency } = value
  if (typeof amount === 'string' && typeof currency === 'string') return moneyWords({ amount, currency })
  // A drink says itself all that is in it.
  if (typeof value.summary === 'string') return value.summary
  return list(Object.values(value), ', ')
}

const list = (values: unknown[], between: string) =>
  values
    .map(each => textOf(each))
    .filter(Boolean)
    .join(between)

/** "cartTotal" and "cart_total" → "cart total" */
const nameOf = (key: string) =>
  key.replaceAll('_', ' ').replaceAll(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
