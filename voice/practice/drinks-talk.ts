import type { Answer, AnsweredDrink } from './answers.ts'
import { argsOf, changesOf, knownPart, saysOnly, without } from './drink-changes.ts'
import { type DrinkWords, plain } from './drink-words.ts'
import type { Asking, Memory, Turn } from './memory.ts'
import type { Intent } from './understand.ts'

/** Stages a drink and reads it back, or asks for what is missing. */
export function* stage(memory: Memory, drink: DrinkWords): Turn {
  memory.finishing = false
  memory.partial = drink
  if (drink.flavor === undefined) return yield* memory.say('Sure.', 'flavor')
  const answer = yield* memory.ask('add_to_cart', argsOf(drink))
  if (!answer.ok || !answer.pending_item) return yield* refused(memory, answer, drink, false)
  memory.partial = undefined
  memory.times = drink.times
  yield* readBack(memory, answer.pending_item)
}

export function* readBack(memory: Memory, drink: AnsweredDrink): Turn {
  memory.pending = drink
  const many = memory.times > 1 ? ` I will put in ${memory.times} of these.` : ''
  yield* memory.say(`That is ${drink.summary}.${many}`, 'confirm')
}

/** @param only what is said is the whole drink, rather than what changes on it */
export function* changePending(
  memory: Memory,
  pending: AnsweredDrink,
  drink: DrinkWords,
  only: boolean,
): Turn {
  const answer = yield* memory.ask('update_pending_item', changesOf(pending, drink, only))
  if (!answer.ok || !answer.pending_item) yield* refused(memory, answer, drink, true)
  else yield* readBack(memory, answer.pending_item)
}

/** A drink is staged, and the caller says something of a drink. */
export function* changeOrAdd(
  memory: Memory,
  pending: AnsweredDrink,
  text: string,
  intents: Set<Intent>,
  drinks: [DrinkWords, ...DrinkWords[]],
): Asking<'in the cart' | 'asked'> {
  const said = plain(text)
  const [first] = drinks
  const also = /^(?:and|also|plus)\b|\b(?:and an?|another|as well|too)\b/.test(said)
  const change = /\b(?:make|change|instead|actually|switch|rather)\b/.test(said)
  if (first.flavor !== undefined && !change && (also || intents.has('yes'))) {
    // "Yes, taro with boba" only says again what was read back.
    if (also || first.flavor !== pending.flavor) memory.waiting.push(...drinks)
    return (yield* confirm(memory)) ? 'in the cart' : 'asked'
  }
  const only = first.flavor !== undefined && !change
  yield* changePending(memory, pending, first, only || saysOnly(said))
  return 'asked'
}

/**
 * Puts the staged drink into the cart as often as it was wanted, and stages the next that was named with it.
 * @returns false when something was asked, or refused
 */
export function* confirm(memory: Memory): Asking<boolean> {
  for (let left = memory.times; left > 0; left--) {
    const pending = memory.pending!
    const answer = yield* memory.ask('confirm_pending_to_cart')
    memory.pending = undefined
    if (!answer.ok) return yield* refusedToAdd(memory, answer)
    memory.cart.push(pending)
    if (left === 1) break
    const { flavor, toppings, addons, sweetness, ice } = pending
    const again = yield* memory.ask('add_to_cart', { flavor, toppings, addons, sweetness, ice })
    if (!again.ok) return yield* refusedToAdd(memory, again)
    memory.pending = again.pending_item ?? pending
  }
  memory.times = 1
  const next = memory.waiting.shift()
  if (!next) return true
  yield* stage(memory, next)
  return false
}

function* refusedToAdd(memory: Memory, answer: Answer): Asking<false> {
  memory.times = 1
  memory.waiting = []
  yield* memory.sayRefusal(answer, 'more')
  return false
}

function* refused(memory: Memory, answer: Answer, drink: DrinkWords, staged: boolean): Turn {
  const [, item, needs] = /^(.+?) needs (.+?)\./.exec(answer.error ?? '') ?? []
  memory.partial = staged ? undefined : knownPart(drink, memory.menu)
  if (item && needs) {
    memory.requirement = { drink, item, needs, staged }
    return yield* memory.sayRefusal(answer, 'requirement')
  }
  yield* memory.sayRefusal(answer, staged ? 'confirm' : 'drink')
}

/** "Matcha needs vanilla cream. Shall I add vanilla cream or leave matcha out?" */
export function* settleRequirement(
  memory: Memory,
  text: string,
  intents: Set<Intent>,
  [first]: DrinkWords[],
): Turn {
  const { drink, item, needs, staged } = memory.requirement!
  memory.requirement = undefined
  memory.partial = undefined
  if (first?.flavor !== undefined) return yield* stage(memory, first)
  const added = first && [...first.toppings, ...first.addons].includes(needs)
  const leave = !added && (intents.has('no') || /\b(?:leave|without|skip|drop|out)\b/.test(plain(text)))
  const settled: DrinkWords = leave
    ? { ...drink, addons: without(drink.addons, item), toppings: without(drink.toppings, item) }
    : { ...drink, toppings: [...without(drink.toppings, needs), needs] }
  if (staged && memory.pending) yield* changePending(memory, memory.pending, settled, false)
  else yield* stage(memory, settled)
}
