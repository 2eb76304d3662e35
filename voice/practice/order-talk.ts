import { digitByDigit, phoneAloud, priceAloud } from './aloud.ts'
import { lookAtCart } from './cart-talk.ts'
import { confirm, readBack } from './drinks-talk.ts'
import type { Memory, Turn } from './memory.ts'
import { hasDigits, orderNumberIn } from './understand.ts'

const statuses: Record<string, string> = {
  RECEIVED: 'has been received',
  PREPARING: 'is being made',
  READY: 'is ready for pickup',
  PICKED_UP: 'was picked up',
  CANCELLED: 'was cancelled',
}

/** The words by which the functions know the number a call comes from. */
export const callerIdWords = 'caller id'

/** Saves a number and reads it back; one that the agent has offered itself needs no reading back. */
export function* savePhone(memory: Memory, said: string): Turn {
  const offered = memory.asked === 'callerId' && said === callerIdWords
  const answer = yield* memory.ask('save_phone_number', { phone: said })
  memory.phoneSettled = false
  if (!answer.ok || !answer.phone) yield* memory.sayRefusal(answer, 'phone')
  else if (offered) yield* phoneIsRight(memory)
  else yield* memory.say(`I have ${phoneAloud(answer.phone)}.`, 'phoneRight')
}

/** The phone number is settled: back to where the caller was. */
export function* phoneIsRight(memory: Memory): Turn {
  memory.phoneSettled = true
  if (memory.finishing) yield* finish(memory)
  else if (memory.pending) yield* readBack(memory, memory.pending)
  else yield* memory.say('Thank you.', memory.cart.length > 0 ? 'more' : 'drink')
}

/** The caller wants nothing more: what is missing for the order is asked, then it is placed. */
export function* finish(memory: Memory): Turn {
  memory.partial = undefined
  if (memory.pending && !(yield* confirm(memory))) return
  if (memory.cart.length === 0) yield* lookAtCart(memory)
  memory.finishing = memory.cart.length > 0
  if (memory.finishing) {
    if (memory.phoneSettled) yield* checkOut(memory)
    else yield* memory.say('', memory.callerId ? 'callerId' : 'phone')
  } else if (memory.placed) yield* goodbye(memory)
  else yield* memory.say('Your cart is empty.', 'drink')
}

function* checkOut(memory: Memory): Turn {
  const answer = yield* memory.ask('checkout_order')
  const { ok, order_number, total, wait_minutes, error } = answer
  if (!ok || !order_number) {
    memory.phoneSettled &&= !/phone/i.test(error ?? '')
    return yield* memory.sayRefusal(answer, memory.phoneSettled ? 'more' : 'phone')
  }
  memory.cart = []
  memory.finishing = false
  memory.placed = true
  const price = total ? ` That is ${priceAloud(total)}.` : ''
  const wait = wait_minutes ? ` It will take about ${wait_minutes} minutes.` : ''
  yield* memory.say(
    `Thank you! Your order number is ${digitByDigit(order_number)}.${price}${wait} We will text you when it is ready.`,
    'after',
  )
}

export function* orderNumber(memory: Memory): Turn {
  const { placed, order_number } = yield* memory.ask('order_is_placed')
  const told =
    placed && order_number
      ? `Your order number is ${digitByDigit(order_number)}.`
      : 'Your order is not placed yet.'
  yield* memory.say(told, memory.asked)
}

/** @param thisNumber whether the caller means the number they call from */
export function* orderStatus(memory: Memory, text: string, thisNumber: boolean): Turn {
  const args: { phone?: string; order_number?: string } = {}
  const number = orderNumberIn(text)
  if (number) args.order_number = number
  else if (hasDigits(text)) {
    const found = yield* memory.ask('extract_phone_and_order', { text })
    if (found.order_number) args.order_number = found.order_number
    else if (found.phone) args.phone = found.phone
  } else if (thisNumber) args.phone = callerIdWords

  const answer = yield* memory.ask('order_status', args)
  if (answer.ok === false) return yield* memory.sayRefusal(answer, 'order')
  const { found, order_number, status = '' } = answer
  if (!found || !order_number) return yield* memory.say('I could not find that order.', 'order')
  const told = `Order ${digitByDigit(order_number)} ${statuses[status] ?? 'is with us'}.`
  const opening = memory.asked === 'order' || memory.asked === 'drink'
  yield* memory.say(told, opening ? (memory.placed ? 'after' : 'more') : memory.asked)
}

export function* putThrough(memory: Memory): Turn {
  const answer = yield* memory.ask('transfer_to_staff')
  if (answer.ok === false) yield* memory.sayRefusal(answer, memory.asked)
  else yield* memory.speak('I will put you through to a person. One moment please.')
}

export function* goodbye(memory: Memory): Turn {
  yield* memory.ask('end_call')
  yield* memory.speak('Thank you for calling. Goodbye!')
}
