import type { Client } from '@urql/core'
import { computed, onScopeDispose, reactive, type Ref, watch } from 'vue'
import type { Freshness } from '../../../use-freshness.ts'
import { type Move, type Moved, moves, type Order, type Refused } from '../documents.ts'
import { t } from '../i18n/i18n.ts'
import { nameOf, type Tap } from '../tap.ts'
import { isSignedOut } from '../use-session.ts'
import { refusalWords } from '../words.ts'
import { useOutbox } from './outbox.ts'

/** Older than this, a tap may mean something that is no longer so. */
const oldest = 15 * 60_000
const retryAfter = 3_000

/** What the server may have to be told later: it can be repeated, and taken back by another tap. */
const queued: readonly Move[] = ['start', 'done', 'seen', 'cup', 'pickedUp']

/** The status that a move asks for. A server that says it is so already has done what was wanted. */
const wished: Partial<Record<Move, Order['status']>> = {
  start: 'PREPARING',
  done: 'READY',
  pickedUp: 'PICKED_UP',
}

interface Screen {
  client: Client
  freshness: Readonly<Ref<Freshness>>
  showMoved: (order: Order) => void
  remove: (id: string) => void
  cancelling: (id: string) => () => void
  tell: (message: string) => void
  signedOut: () => void
}

type Answer = Moved | 'signed out' | 'no answer' | 'failed'

/** Sends what somebody taps. Without a connection it waits in sight until it can be sent, or is refused in sight. */
export function useMoves({ client, freshness, showMoved, remove, cancelling, tell, signedOut }: Screen) {
  /** Ids of the orders, cups and texts about which the server has not answered yet, and that an order was seen. */
  const busy = reactive(new Set<string>())
  const outbox = useOutbox()
  // That somebody has looked at an order is sent as well, but nobody waits for it.
  const shown = computed(() => outbox.taps.value.filter(({ move }) => move !== 'seen'))
  const waiting = computed(() => Map.groupBy(shown.value, ({ order }) => order))
  const touched = computed(() => new Set(outbox.taps.value.map(({ order }) => order)))
  let replaying = false
  let retry: ReturnType<typeof setTimeout> | undefined
  onScopeDispose(() => clearTimeout(retry))

  /** Does what was tapped, now or as soon as there is a connection. */
  async function tap(order: Order, move: Move, variables: Record<string, unknown> = {}): Promise<void> {
    // Nobody waits for the answer that an order was seen, so what is tapped next goes out as well.
    const key = move === 'seen' ? seeing(order) : String(variables.cup ?? variables.text ?? order.id)
    if (busy.has(key)) return
    const mayWait = queued.includes(move)
    const wanted: Tap = {
      move,
      order: order.id,
      number: order.number,
      variables: { id: order.id, ...variables },
      at: Date.now(),
    }
    if (freshness.value !== 'fresh' || (mayWait && touched.value.has(order.id))) {
      if (mayWait) outbox.add(wanted)
      else tell(t('offline.refused', { number: order.number }))
      return
    }
    busy.add(key)
    const tellAgain = move === 'cancel' ? cancelling(order.id) : undefined
    const answer = await send(wanted)
    busy.delete(key)
    if (answer === 'no answer' && mayWait) outbox.add(wanted)
    else if (answer === 'no answer' || answer === 'failed')
      tell(t('noAnswer.order', { number: order.number }))
    else if (answer !== 'signed out' && answer.__typename !== 'Order') {
      tellAgain?.()
      refused(order.id, answer)
    }
  }

  async function send({ move, variables }: Tap): Promise<Answer> {
    const { data, error } = await client.mutation<{ result: Moved }>(moves[move], variables)
    if (isSignedOut(error)) {
      signedOut()
      return 'signed out'
    }
    if (!data) {
      const away = error?.networkError || error?.graphQLErrors.some(isUnavailable)
      return away ? 'no answer' : 'failed'
    }
    if (data.result.__typename === 'Order') showMoved(data.result)
    return data.result
  }

  function refused(id: string, answer: Refused): void {
    tell(refusalWords(answer))
    if (answer.order) showMoved(answer.order)
    else remove(id)
  }

  /** Sends what waits, in order, until one finds no answer. */
  async function replay(): Promise<void> {
    if (replaying) return
    replaying = true
    clearTimeout(retry)
    for (let next = outbox.taps.value[0]; next && freshness.value === 'fresh'; next = outbox.taps.value[0]) {
      const { order, number, at, move } = next
      const tooOld = Math.abs(Date.now() - at) > oldest
      busy.add(order)
      const answer = tooOld ? undefined : await send(next)
      busy.delete(order)
      if (answer === 'signed out') break
      if (answer === 'no answer') {
        retry = setTimeout(() => void replay(), retryAfter)
        break
      }
      outbox.remove(next)
      if (move === 'seen') continue
      if (!answer) tell(t('offline.tooOld', { number, tap: t(`tap.${nameOf(next)}`) }))
      else if (answer === 'failed') tell(t('noAnswer.order', { number }))
      else if (answer.__typename !== 'Order') {
        if (answer.code !== `ORDER_ALREADY_${wished[move]}`) refused(order, answer)
        else if (answer.order) showMoved(answer.order)
      }
    }
    replaying = false
  }

  watch([freshness, outbox.taps], () => freshness.value === 'fresh' && void replay(), { immediate: true })

  return {
    busy,
    tap,
    /** What waits to be sent, oldest first. */
    taps: shown,
    /** The same, by order. */
    waiting,
    /** Forgets what waits for an order, or for one of its cups. */
    takeBack(order: string, cup?: string): void {
      const taps = waiting.value.get(order) ?? []
      outbox.remove(...taps.filter(({ variables }) => !cup || variables.cup === cup))
    },
    /** Touched here, though the server may not know it yet. */
    isTouched: (order: Order) => touched.value.has(order.id) || busy.has(order.id) || busy.has(seeing(order)),
  }
}

const seeing = ({ id }: Order) => `seen ${id}`

const isUnavailable = ({ extensions }: { extensions: Record<string, unknown> }) =>
  extensions.code === 'UNAVAILABLE'
