import { ref, shallowRef } from 'vue'
import { findOrders, type FoundOrder } from './find-documents.ts'
import { useAsk } from './use-ask.ts'

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

  /** @param digits 2 to 15 */
  async function find(digits: string): Promise<void> {
    if (searching.value) return
    searching.value = true
    found.value = undefined
    const isNumber = digits.length === 4
    const since = new Date(Date.now() - monthMs).toISOString()
    const answer = await ask(findOrders, { since, digits, isNumber, number: isNumber ? digits : null })
    searching.value = false
    if (!answer) return
    const { byNumber, byPhone, menu } = answer
    const both = [...(byNumber?.nodes ?? []), ...byPhone.nodes]
    const orders = [...new Map(both.map(order => [order.id, order])).values()]
    found.value = {
      digits,
      orders: orders.sort((a, b) => b.createdAt.localeCompare(a.createdAt)),
      hasMore: byPhone.pageInfo.hasNextPage || (byNumber?.pageInfo.hasNextPage ?? false),
      timezone: menu.shop.timezone,
    }
  }
  return { found, searching, find, problem }
}
