import { randomBytes } from 'node:crypto'

/**
 * An opaque id such as `ord_0mb1x2k9a8c3…`: what it names, the time in base 36, 80 random bits. Sorting by id is
 * sorting by age, which keeps new rows together in an index.
 */
export function newId(
  kind: 'shop' | 'item' | 'ord' | 'cup' | 'sms' | 'key' | 'read' | 'hook' | 'msg',
): string {
  return `${kind}_${Date.now().toString(36).padStart(9, '0')}${randomBytes(10).toString('hex')}`
}
