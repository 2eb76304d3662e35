import { randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const randomDigits = 30
const checksumDigits = 6

const form = new RegExp(`^boba_[${digits}]{${randomDigits + checksumDigits}}$`)

/** CRC-32 of the text in base 62, as the owners of scanners know it from GitHub's tokens. */
function checksumOf(text: string): string {
  let rest = crc32(text)
  let sum = ''
  for (let place = 0; place < checksumDigits; place += 1) {
    sum = digits[rest % digits.length]! + sum
    rest = Math.floor(rest / digits.length)
  }
  return sum
}

/**
 * A new key: `boba_`, 30 random letters and digits (178 bits), and a checksum of these. By the checksum a scanner of
 * source code knows a leaked key from a word that only looks like one, without asking anybody.
 */
export function newKey(): string {
  const random = Array.from({ length: randomDigits }, () => digits[randomInt(digits.length)]).join('')
  return `boba_${random}${checksumOf(random)}`
}

/**
 * Whether a text has the form of a key but not its checksum: it was mistyped or cut. Keys of an older form have no
 * checksum, and one of the configuration may look like anything, so this is a hint and no proof.
 */
export function isMistyped(text: string): boolean {
  const random = text.slice('boba_'.length, -checksumDigits)
  return form.test(text) && !text.endsWith(checksumOf(random))
}
