import { onScopeDispose, ref } from 'vue'
import { follow } from '../../follow.ts'
import { useFreshness } from '../../use-freshness.ts'
import { type Board, type BoardEvent, boardEvents, type BoardOrder, boardQuery } from './documents.ts'

const answerWithin = 10_000

/** What waiting guests see: the shop and the orders it is preparing, oldest first, and how fresh that is. */
export function useBoard() {
  const shop = ref('')
  const orders = ref<BoardOrder[]>([])
  const { freshness, age, heard } = useFreshness()

  async function load(): Promise<string> {
    const board = await loadBoard()
    shop.value = board.shop.name
    orders.value = board.orders.toSorted(byAge)
    return board.cursor
  }

  function apply({ order }: BoardEvent): void {
    if (!order) return
    const others = orders.value.filter(({ number }) => number !== order.number)
    orders.value = isPreparing(order) ? [...others, order].sort(byAge) : others
  }

  onScopeDispose(follow<BoardEvent>({ load, subscription: boardEvents, apply, heard }))
  return { shop, orders, freshness, age }
}

/** @throws when the api does not answer in time, or answers with errors only */
async function loadBoard(): Promise<Board> {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ query: boardQuery }),
    signal: AbortSignal.timeout(answerWithin),
  })
  const { data, errors } = (await response.json()) as { data?: { board: Board }; errors?: unknown }
  if (!data) throw errors
  return data.board
}

const isPreparing = ({ status }: BoardOrder) => status === 'RECEIVED' || status === 'PREPARING'

const byAge = (a: BoardOrder, b: BoardOrder) =>
  a.createdAt.localeCompare(b.createdAt) || a.number.localeCompare(b.number)
