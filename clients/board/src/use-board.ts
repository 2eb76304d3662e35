import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import { follow } from '../../follow.ts'
import { useFreshness } from '../../use-freshness.ts'
import { useNow } from '../../use-now.ts'
import {
  type Board,
  type BoardEvent,
  boardEvents,
  type BoardOrder,
  boardQuery,
  type Shop,
} from './documents.ts'

const answerWithin = 10_000

/** An order that nobody has picked up for so long is not on its way any more. */
const readyFor = 2 * 60 * 60_000

/** What waiting guests see: the shop and its orders, and how fresh that is. */
export function useBoard() {
  const shop = shallowRef<Shop>()
  const waitMinutes = ref(0)
  const orders = shallowRef<BoardOrder[]>([])
  const { freshness, age, heard } = useFreshness()
  const deviceTime = useNow(1_000)
  /** How far the api's clock is ahead of this device's: many a TV stick has no idea of the time. */
  const clockOffset = ref(0)
  const now = computed(() => deviceTime.value + clockOffset.value)

  async function load(givenUp: AbortSignal): Promise<string> {
    const board = await loadBoard(givenUp)
    setClock(board.at)
    shop.value = board.shop
    waitMinutes.value = board.shop.waitMinutes
    orders.value = [...board.orders, ...board.ready]
    return board.cursor
  }

  function apply({ type, at, order, waitMinutes: minutes }: BoardEvent): void {
    // Other events may be replayed, and tell of an earlier time.
    if (type === 'HEARTBEAT') setClock(at)
    waitMinutes.value = minutes
    if (!order) return
    // What is heard of an order that is over must not take its number's next one away.
    const others = orders.value.filter(
      ({ number, createdAt }) => number !== order.number || createdAt > order.createdAt,
    )
    orders.value = isHere(order) ? [...others, order] : others
  }

  function setClock(at: string): void {
    clockOffset.value = Date.parse(at) - Date.now()
  }

  onScopeDispose(follow<BoardEvent>({ load, subscription: boardEvents, apply, heard }))
  return {
    /** Unknown until the first picture. */
    shop,
    /** What a guest who orders now may expect. */
    waitMinutes,
    /** Oldest first. */
    preparing: computed(() => orders.value.filter(order => !isReady(order)).sort(by('createdAt'))),
    /** Those of which the guests were called first come first. */
    ready: computed(() =>
      orders.value
        .filter(order => isReady(order) && now.value < readyTime(order) + readyFor)
        .sort(by('readyAt')),
    ),
    /** The shop's time, looked at every second. */
    now,
    freshness,
    age,
  }
}

/** When the guest of an order is called. It may lie some seconds ahead: until then the barista may take it back. */
export const readyTime = ({ readyAt }: BoardOrder) => Date.parse(readyAt ?? '')

/** @throws when it is given up, the api does not answer in time, or answers with errors only */
async function loadBoard(givenUp: AbortSignal): Promise<Board> {
  const request = new AbortController()
  const giveUp = () => request.abort()
  givenUp.addEventListener('abort', giveUp)
  const timer = setTimeout(giveUp, answerWithin)
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ query: boardQuery }),
      signal: request.signal,
    })
    const { data, errors } = (await response.json()) as { data?: { board: Board }; errors?: unknown }
    if (!data) throw errors
    return data.board
  } finally {
    clearTimeout(timer)
    givenUp.removeEventListener('abort', giveUp)
  }
}

const isReady = ({ status }: BoardOrder) => status === 'READY'
const isHere = ({ status }: BoardOrder) => status !== 'PICKED_UP' && status !== 'CANCELLED'

const by = (time: 'createdAt' | 'readyAt') => (a: BoardOrder, b: BoardOrder) =>
  (a[time] ?? '').localeCompare(b[time] ?? '') || a.number.localeCompare(b.number)
