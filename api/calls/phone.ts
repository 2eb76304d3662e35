import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js'

/** Twilio's stand-in for a withheld caller ID: "ANONYMOUS" on a telephone keypad. */
const withheld = '+266696687'

const spoken: Record<string, string> = {
  zero: '0',
  oh: '0',
  o: '0',
  one: '1',
  two: '2',
  three: '3',
  four: '4',
  five: '5',
  six: '6',
  seven: '7',
  eight: '8',
  nine: '9',
}

/** "five five five, double one" → "5 5 5  11": number words as a speech recogniser may leave them. */
export function digitsOf(said: string): string {
  const word = new RegExp(`\\b(?:(double|triple) )?(${Object.keys(spoken).join('|')})\\b`, 'gi')
  // A comma would end the number for the parser; to a recogniser it is a breath.
  return said
    .replace(/[,;]/g, ' ')
    .replace(word, (_, times: string | undefined, digit: string) =>
      spoken[digit.toLowerCase()]!.repeat({ double: 2, triple: 3 }[times?.toLowerCase() ?? ''] ?? 1),
    )
}

/**
 * E.164 of a possible number, "555-123-4567" → "+15551234567"; undefined for letters, too few or too many digits.
 * @param region ISO 3166-1 alpha-2, for numbers without a country code
 */
export function phoneOf(said: string, region: string): string | undefined {
  const number = parsePhoneNumberFromString(digitsOf(said).slice(0, 80), region as CountryCode)
  return number?.isPossible() && number.nationalNumber.length >= 6 ? number.number : undefined
}

/** Caller ID when it is a number that can be texted: neither withheld nor a SIP name. */
export function callerIdOf(from: string | null | undefined, region: string): string | null {
  if (!from?.startsWith('+') || from === withheld) return null
  return phoneOf(from, region) ?? null
}

/** Whether a model means the number the caller is calling from. */
export function meansCallerId(said: string): boolean {
  return (
    /caller ?id|(this|same|current|calling|that) (number|phone|one)|calling from/i.test(said) &&
    !/\d{3}/.test(said)
  )
}
