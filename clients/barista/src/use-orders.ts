import { stringifyDocument } from '@urql/core'
import { useClientHandle } from '@urql/vue'
import { computed, onScopeDispose, reactive, ref } from 'vue'
import { follow } from '../../follow.ts'
import { useFreshness } from '../../use-freshness.ts'
import {
  type Move,
  type Moved,
  type Order,
  type OrderEvent,
  moves,
  openOrders,
  orderEvents,
} from './documents.ts'
import { isSignedOut } from './use-session.ts'
import { drinksWords } from './words.ts'

/** Something the barista has to know about a move that did not happen. */
export interface Notice {
  id: number
  message: string
}

/**
 * The shop's open orders, live, and what can be done with them. Nothing is changed here before the server has said so.
 * @param signedOut called when the server no longer knows the session
 */
export function useOrders(signedOut: () => void) {
  const { client } = useClientHandle()
  const { freshness, age, heard } = useFreshness()
  const orders = reactive(new Map<string, Order>())
  const busy = reactive(new Set<string>())
  const notices = ref<Notice[]>([])
  const announcement = ref('')
  const defaults = ref({ sweetness: '', ice: '' })
  /** How far the server's clock is ahead of this device's, in milliseconds. */
  const clockOffset = ref(0)
  let noticeCount = 0

  async function load(givenUp: AbortSignal): Promise<string> {
    const first = await page(null, givenUp)
    const nodes = [...first.orders.nodes]
    for (let { pageInfo } = first.orders; pageInfo.hasNextPage;) {
      const next = (await page(pageInfo.endCursor, givenUp)).orders
      nodes.push(...next.nodes)
      pageInfo = next.pageInfo
    }
    const { defaultSweetness, defaultIce } = first.menu
    defaults.value = { sweetness: defaultSweetness, ice: defaultIce }
    if (freshness.value !== 'waiting') announce(nodes)
    orders.clear()
    for (const order of nodes) orders.set(order.id, order)
    return first.orders.eventCursor
  }

  async function page(after: string | null, givenUp: AbortSignal) {
    const { data, error } = await client.query(openOrders, { after })
    if (!data || givenUp.aborted) throw error
    return data
  }

  function apply({ type, at, order }: OrderEvent): void {
    // Other events may be replayed, and tell of an earlier time.
    if (type === 'HEARTBEAT') clockOffset.value = Date.parse(at) - Date.now()
    if (!order) return
    if (type === 'ORDER_CREATED') announce([order])
    show(order)
  }

  function announce(candidates: Order[]): void {
    const added = candidates.filter(order => isOpen(order) && !orders.has(order.id))
    if (added.length === 0) return
    announcement.value = added
      .map(({ number, items }) => `New order ${number}, ${drinksWords(items.length)}`)
      .join('. ')
  }

  /** An answer and the event stream may overtake each other, so what is older than the screen is dropped. */
  function show(order: Order): void {
    if (order.updatedAt < (orders.get(order.id)?.updatedAt ?? '')) return
    if (isOpen(order)) orders.set(order.id, order)
    else orders.delete(order.id)
  }

  /**
   * An answer to a move is shown only when it is newer: an order that left the screen meanwhile must not come back, and
   * of two pictures of the same change the event's is the later one.
   */
  function showMoved(order: Order): void {
    const shown = orders.get(order.id)
    if (shown && order.updatedAt > shown.updatedAt) show(order)
  }

  /** Asks the server for a move; busy until it has answered. */
  async function move(order: Order, to: Move, reason?: string): Promise<void> {
    if (busy.has(order.id)) return
    busy.add(order.id)
    const { data, error } = await client.mutation<{ result: Moved }>(moves[to], { id: order.id, reason })
    busy.delete(order.id)
    if (isSignedOut(error)) signedOut()
    else if (!data)
      tell(
        `No answer for order ${order.number}, so it may or may not have worked. Look at it, then try again.`,
      )
    else if (data.result.__typename === 'Order') showMoved(data.result)
    else refused(order, data.result)
  }

  function refused(
    asked: Order,
    { message, order }: Extract<Moved, { __typename: 'OrderMoveRefused' }>,
  ): void {
    tell(message)
    if (order) showMoved(order)
    else orders.delete(asked.id)
  }

  function tell(message: string): void {
    notices.value = [...notices.value, { id: noticeCount++, message }].slice(-3)
  }

  function dismiss(id: number): void {
    notices.value = notices.value.filter(notice => notice.id !== id)
  }

  function failed(reason: unknown): void {
    if (isSignedOut(reason)) signedOut()
  }

  onScopeDispose(
    follow<OrderEvent>({ load, subscription: stringifyDocument(orderEvents), apply, heard, failed }),
  )

  const byAge = computed(() => [...orders.values()].sort((a, b) => a.createdAt.localeCompare(b.createdAt)))
  return {
    /** Oldest first. */
    toMake: computed(() => byAge.value.filter(({ status }) => status !== 'READY')),
    /** Oldest first. */
    ready: computed(() => byAge.value.filter(({ status }) => status === 'READY')),
    defaults,
    busy,
    move,
    notices,
    tell,
    dismiss,
    announcement,
    clockOffset,
    freshness,
    age,
  }
}

const isOpen = ({ status }: Order) => status !== 'PICKED_UP' && status !== 'CANCELLED'
