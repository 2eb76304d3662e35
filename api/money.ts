import { Field, ObjectType } from 'type-graphql'

/** An exact amount as text, e.g. `{ amount: "6.25", currency: "USD" }`. */
@ObjectType({ description: 'An exact amount of money.', simpleResolvers: true })
export class Money {
  @Field(() => String, { description: 'Decimal number as text, never rounded, e.g. "6.25".' })
  amount!: string

  @Field(() => String, { description: 'ISO 4217, e.g. "USD".' })
  currency!: string
}

/** Digits after the point, by ISO 4217 as the runtime knows it: 2 for USD, 0 for JPY. */
const digits = new Map(
  Intl.supportedValuesOf('currency').map(currency => [
    currency,
    new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2,
  ]),
)

const digitsOf = (currency: string) => digits.get(currency) ?? 2

/** From minor units (cents): 625 → "6.25". */
export function money(minor: number, currency: string): Money {
  const places = digitsOf(currency)
  const text = Math.abs(minor)
    .toString()
    .padStart(places + 1, '0')
  const whole = text.slice(0, text.length - places)
  const sign = minor < 0 ? '-' : ''
  return { amount: places === 0 ? sign + whole : `${sign}${whole}.${text.slice(-places)}`, currency }
}

/**
 * To minor units: "6.25" → 625.
 * @throws Error when the text is no amount of that currency
 */
export function minorUnits(amount: string, currency: string): number {
  const places = digitsOf(currency)
  const match = /^(\d+)(?:\.(\d+))?$/.exec(amount)
  const fraction = match?.[2] ?? ''
  if (!match || fraction.length > places) throw new Error(`"${amount}" is not an amount in ${currency}`)
  return Number(match[1]! + fraction.padEnd(places, '0'))
}

/** As a person says it: 625 → "$6.25". */
export function spokenMoney(minor: number, currency: string): string {
  const value = Number(money(minor, currency).amount)
  return new Intl.NumberFormat('en-US', { style: 'currency', currency }).format(value)
}
