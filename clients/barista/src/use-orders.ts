import { useClientHandle } from '@urql/vue'
import type { TadaDocumentNode } from 'gql.tada'
import { computed, onScopeDispose, ref, shallowReactive, shallowRef } from 'vue'
import { follow } from '../../follow.ts'
import { useFreshness } from '../../use-freshness.ts'
import {
  type Menu,
  oneOrder,
  openOrders,
  type Order,
  type OrderEvent,
  orderEvents,
  picture,
} from './documents.ts'
import { t } from './i18n/i18n.ts'
import { alertOf } from './alert-of.ts'
import { useHolds } from './use-holds.ts'
import { isSignedOut } from './use-session.ts'

/** More orders than this are not looked up one by one after a break. */
const mostLookedUp = 20

/** Clocks that seem to differ by less, in milliseconds, do so by the way a beat has taken; every ticket tells the time. */
const delays = 250

/**
 * The shop's open orders, live. Nothing is changed here before the server has said so.
 * @param signedOut called when the server no longer knows the session
 */
export function useOrders(signedOut: () => void) {
  const { client } = useClientHandle()
  const { freshness, age, heard } = useFreshness()
  /** Open orders, and those that were cancelled under somebody's hands, until one of them is touched. */
  const orders = shallowReactive(new Map<string, Order>())
  const menu = shallowRef<Menu>()
  const announcement = ref('')
  /** How far the server's clock is ahead of this device's, in milliseconds. */
  const clockOffset = ref(0)
  /** Orders that this console cancels itself, and need not tell about. */
  const cancelledHere = new Set<string>()

  async function load(givenUp: AbortSignal): Promise<string> {
    const { orders: first, menu: shopMenu } = await ask(picture, {})
    const nodes = [...first.nodes]
    for (let { pageInfo } = first; pageInfo.hasNextPage;) {
      const next = await page(pageInfo.endCursor)
      nodes.push(...next.nodes)
      pageInfo = next.pageInfo
    }
    if (givenUp.aborted) return first.eventCursor
    menu.value = shopMenu
    renew(nodes)
    return first.eventCursor
  }

  async function ask<Data, Variables extends object>(
    document: TadaDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<Data> {
    const { data, error } = await client.query<Data, Variables>(document, variables)
    if (!data) throw error
    return data
  }

  const page = async (after: string | null) => (await ask(openOrders, { after })).orders

  /** Puts a new picture in the place of the old one. */
  function renew(nodes: Order[]): void {
    if (freshness.value !== 'waiting') announce(nodes)
    const open = new Set(nodes.map(({ id }) => id))
    const vanished = [...orders.values()].filter(({ id, status }) => !open.has(id) && status !== 'CANCELLED')
    for (const order of nodes) orders.set(order.id, order)
    // Were they cancelled, or picked up? What was to be made must not leave the screen without a word.
    const unsure = vanished.filter(isToMake).slice(0, mostLookedUp)
    for (const order of vanished) if (!unsure.includes(order)) orders.delete(order.id)
    for (const { id } of unsure) void lookUp(id)
  }

  /** Asks for one order that may not be on the screen. */
  async function lookUp(id: string): Promise<Order | undefined> {
    const { data } = await client.query(oneOrder, { id })
    if (data?.order) show(data.order)
    else if (data) orders.delete(id)
    return data?.order ?? undefined
  }

  function apply({ type, at, order }: OrderEvent): void {
    // Other events may be replayed, and tell of an earlier time.
    if (type === 'HEARTBEAT') setClock(Date.parse(at) - Date.now())
    if (!order) return
    announce([order])
    show(order)
  }

  function setClock(offset: number): void {
    if (Math.abs(offset - clockOffset.value) > delays) clockOffset.value = offset
  }

  /** Says what came, changed or was cancelled to those who do not see it. */
  function announce(candidates: Order[]): void {
    const words = candidates.flatMap(order => {
      const shown = orders.get(order.id)
      if (order.status === 'CANCELLED') {
        return shown && isToMake(shown) && !cancelledHere.has(order.id)
          ? t('announce.cancelled', { number: order.number })
          : []
      }
      const alert = alertOf(order)
      if (!shown && alert) {
        return t('announce.new', {
          number: order.number,
          drinks: t('drinks', { count: order.items.length }),
        })
      }
      return alert === 'changed' && order.changedAt !== shown?.changedAt
        ? t('announce.changed', { number: order.number })
        : []
    })
    if (words.length > 0) announcement.value = words.join('. ')
  }

  /** An answer and the event stream may overtake each other, so what is older than the screen is dropped. */
  function show(order: Order): void {
    const shown = orders.get(order.id)
    if (shown && order.updatedAt < shown.updatedAt) return
    const stays =
      order.status === 'CANCELLED'
        ? shown && (isToMake(shown) || shown.status === 'CANCELLED') && !cancelledHere.has(order.id)
        : order.status !== 'PICKED_UP'
    if (stays) orders.set(order.id, order)
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

  function failed(reason: unknown): void {
    if (isSignedOut(reason)) signedOut()
  }

  onScopeDispose(
    follow<OrderEvent>({
      load,
      subscription: orderEvents,
      renewedBy: ['SHOP_CHANGED', 'MENU_CHANGED'],
      apply,
      heard,
      failed,
    }),
  )

  const serverNow = () => Date.now() + clockOffset.value
  const isHeld = useHolds(orders, serverNow)
  const byAge = computed(() =>
    [...orders.values()].sort((a, b) => (a.createdAt < b.createdAt ? -1 : Number(a.createdAt > b.createdAt))),
  )
  return {
    /** For what is asked later; where a component is set up is the only place to find it. */
    client,
    orders,
    /** Oldest first; with those that were just done and can be undone, and those that were cancelled. */
    toMake: computed(() => byAge.value.filter(order => order.status !== 'READY' || isHeld(order))),
    /** Oldest first. */
    ready: computed(() => byAge.value.filter(order => order.status === 'READY' && !isHeld(order))),
    isHeld,
    menu,
    announcement,
    clockOffset,
    freshness,
    age,
    lookUp,
    showMoved,
    /** This console cancels it, and need not be told. → when the server refused, it would like to be told again */
    cancelling(id: string): () => void {
      cancelledHere.add(id)
      return () => cancelledHere.delete(id)
    },
    /** Takes an order off the screen that needs nobody any more. */
    remove: (id: string) => void orders.delete(id),
  }
}

/** Whether somebody still has to work on it. */
const isToMake = ({ status }: Order) => status === 'RECEIVED' || status === 'PREPARING'
