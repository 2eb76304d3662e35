import { priceAloud } from './aloud.ts'
import type { Answer } from './answers.ts'
import { changesOf } from './drink-changes.ts'
import type { DrinkWords } from './drink-words.ts'
import { changePending, readBack } from './drinks-talk.ts'
import type { Asking, Memory, Turn } from './memory.ts'

/** "The second one", counted from 0, or the last. */
export type Which = number | 'last'

/** Takes something away: a part of the staged drink, that drink, or one in the cart. */
export function* takeAway(memory: Memory, which: Which | undefined, drink: DrinkWords | undefined): Turn {
  const { pending } = memory
  if (pending && which === undefined) {
    const parts = drink?.flavor === undefined ? [drink?.toppings, drink?.addons, drink?.without].flat() : []
    const unwanted = parts.filter(part => part !== undefined)
    if (drink && unwanted.length > 0) {
      return yield* changePending(
        memory,
        pending,
        { ...drink, toppings: [], addons: [], without: unwanted },
        false,
      )
    }
    yield* memory.ask('clear_pending_item')
    memory.pending = undefined
    memory.times = 1
    return yield* memory.say('Okay, I have left that out.', memory.cart.length > 0 ? 'more' : 'drink')
  }
  if (memory.partial && which === undefined) {
    memory.partial = undefined
    return yield* memory.say('Okay.', 'drink')
  }
  const index = yield* indexOf(memory, which, drink)
  if (index < 0) return yield* memory.say('Your cart is empty.', 'drink')
  const answer = yield* memory.ask('remove_from_cart', { index })
  if (!answer.ok) return yield* memory.sayRefusal(answer, 'more')
  memory.cart.splice(index, 1)
  const gone = answer.removed ? `I have taken out ${answer.removed.summary}.` : 'I have taken it out.'
  yield* memory.say(gone, memory.cart.length > 0 ? 'more' : 'drink')
}

/** Changes a drink in the cart. */
export function* changeInCart(memory: Memory, which: Which, drink: DrinkWords): Turn {
  const index = Math.max(0, yield* indexOf(memory, which, undefined))
  const now = memory.cart[index]
  const changes = changesOf(now, drink, false)
  const { sweetness, ice } = drink
  const levelsOnly = Object.keys(changes).every(key => key === 'sweetness' || key === 'ice')
  const answer = levelsOnly
    ? yield* memory.ask('set_sweetness_ice', { index, sweetness, ice })
    : yield* memory.ask('modify_cart_item', { index, ...changes })
  const next = memory.pending ? 'confirm' : 'more'
  if (!answer.ok) return yield* memory.sayRefusal(answer, next)
  const summary = answer.item?.summary
  if (now && summary) memory.cart[index] = { ...now, ...changes, summary }
  yield* memory.say(summary ? `It is now ${summary}.` : 'Done.', next)
}

/** The drink a caller means, counted from 0; the last if they do not say; −1 when there is none. */
function* indexOf(memory: Memory, which: Which | undefined, named: DrinkWords | undefined): Asking<number> {
  if (typeof which === 'number') return which
  if (memory.cart.length === 0) yield* lookAtCart(memory)
  const alike = memory.cart.findLastIndex(
    ({ flavor }) => named?.flavor !== undefined && flavor === named.flavor,
  )
  return alike >= 0 ? alike : memory.cart.length - 1
}

/** The cart as the shop knows it: drinks from before this connection are in it as well. */
export function* lookAtCart(memory: Memory): Asking<Answer> {
  const answer = yield* memory.ask('get_cart')
  if (answer.items && answer.items.length !== memory.cart.length) memory.cart = [...answer.items]
  return answer
}

/** The caller was cut off on an earlier call and goes on with its drinks. */
export function* goOn(memory: Memory): Turn {
  const { pending_item } = yield* lookAtCart(memory)
  if (pending_item) yield* readBack(memory, pending_item)
  else yield* memory.say('Good.', 'more')
}

/** The caller was cut off on an earlier call and does not want its drinks any more. */
export function* startAnew(memory: Memory): Turn {
  const { pending_item } = yield* lookAtCart(memory)
  if (pending_item) yield* memory.ask('clear_pending_item')
  for (const index of [...memory.cart.keys()].toReversed()) {
    yield* memory.ask('remove_from_cart', { index })
  }
  memory.cart = []
  yield* memory.say('Okay, we start anew.', 'drink')
}

export function* readCart(memory: Memory): Turn {
  const answer = yield* lookAtCart(memory)
  if (answer.ok === false) return yield* memory.sayRefusal(answer, memory.asked)
  const { items = [], cart_total, pending_item } = answer
  const drinks =
    items.length > 0 ? `You have ${items.map(({ summary }) => summary).join('; ')}.` : 'Your cart is empty.'
  const total = items.length > 0 && cart_total ? ` That is ${priceAloud(cart_total)}.` : ''
  const staged = pending_item ? ` Not confirmed yet: ${pending_item.summary}.` : ''
  yield* memory.say(drinks + total + staged, memory.asked)
}
