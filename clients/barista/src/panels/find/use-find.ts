import { onScopeDispose, ref, shallowRef } from 'vue'
import { useAsk } from '../frame/use-ask.ts'
import { findOrders, type FoundOrder } from './find-documents.ts'

const every = 5_000
const monthMs = 30 * 24 * 3_600_000

/** What was looked for, and what there is. */
export interface Found {
  digits: string
  /** Newest first. */
  orders: FoundOrder[]
  hasMore: boolean
  timezone: string
}

/** "4854", and what a label's code says: "4854-2" → "4854"; a phone number in any writing → its digits */
export function digitsOf(typed: string): string {
  const code = /^\s*(\d{4})-\d{1,2}\s*$/.exec(typed)
  return code ? code[1]! : typed.replaceAll(/\D/g, '')
}

/** Looks for orders of the last 30 days, by number or by the end of the phone number. */
export function useFind() {
  const { ask, problem } = useAsk()
  const found = shallowRef<Found>()
  const searching = ref(false)

  async function look(digits: string): Promise<Found | undefined> {
    const isNumber = digits.length === 4
    const since = new Date(Date.now() - monthMs).toISOString()
    const answer = await ask(findOrders, { since, digits, isNumber, number: isNumber ? digits : null })
    if (!answer) return undefined
    const { byNumber, byPhone, menu } = answer
    const both = [...(byNumber?.nodes ?? []), ...byPhone.nodes]
    const orders = [...new Map(both.map(order => [order.id, order])).values()]
    return {
      digits,
      orders: orders.sort((a, b) => b.createdAt.localeCompare(a.createdAt)),
      hasMore: byPhone.pageInfo.hasNextPage || (byNumber?.pageInfo.hasNextPage ?? false),
      timezone: menu.shop.timezone,
    }
  }

  /** @param digits 2 to 15 */
  async function find(digits: string): Promise<void> {
    if (searching.value) return
    searching.value = true
    found.value = undefined
    found.value = await look(digits)
    searching.value = false
  }

  /** What was found goes its way while it is looked at. */
  async function again(): Promise<void> {
    const before = found.value
    if (!before) return
    const now = await look(before.digits)
    if (now && found.value === before) found.value = now
  }

  const timer = setInterval(() => void again(), every)
  onScopeDispose(() => clearInterval(timer))
  return { found, searching, find, problem }
}
