import { changeInCart, goOn, readCart, startAnew, takeAway } from './cart-talk.ts'
import { merged } from './drink-changes.ts'
import { type DrinkWords, plain, readDrinks } from './drink-words.ts'
import { changeOrAdd, confirm, settleRequirement, stage } from './drinks-talk.ts'
import { type Brief, Memory, type Turn } from './memory.ts'
import {
  callerIdWords,
  finish,
  goodbye,
  orderNumber,
  orderStatus,
  phoneIsRight,
  putThrough,
  savePhone,
} from './order-talk.ts'
import { hasDigits, type Intent, intentsOf, whichOf } from './understand.ts'

/** What a caller hears whose sound was damaged. */
export const notCaught = 'Sorry, I did not catch that.'

/** One thing a caller said. */
interface Heard {
  text: string
  intents: Set<Intent>
  drinks: DrinkWords[]
}

/**
 * Takes an order by rules, as a language model would by its prompt: stage a drink, read it back, confirm it, settle the
 * phone number, check out, say the order number. It knows no menu and no order but what the brief and the functions
 * tell it. One conversation per call; a turn runs to its end before the next begins.
 */
export class Conversation {
  readonly #memory: Memory

  constructor(brief: Brief) {
    this.#memory = new Memory(brief)
  }

  /** Takes a changed menu or prompt. */
  learn(brief: Brief): void {
    this.#memory.learn(brief)
  }

  /** Goes on where an earlier connection of the same call broke off. @param lastSaid the agent's last words */
  resume(lastSaid: string): void {
    this.#memory.resume(lastSaid)
  }

  /** The caller spoke, but the sound was damaged. */
  missed(): Turn {
    return this.#memory.say(notCaught, this.#memory.asked)
  }

  /** The caller said something. */
  *hear(text: string): Turn {
    const memory = this.#memory
    const heard = { text, intents: intentsOf(text), drinks: readDrinks(text, memory.menu) }
    if (heard.intents.has('repeat')) {
      yield { say: memory.said.join(' ') || memory.question }
      return
    }
    memory.said = []
    yield* aside(memory, heard) ?? order(memory, heard)
  }
}

/** What a caller may ask or want at any time; nothing when it is something else. */
function aside(memory: Memory, { text, intents, drinks }: Heard): Turn | undefined {
  const thisNumber = intents.has('thisNumber')
  if (intents.has('person') && drinks.length === 0) return putThrough(memory)
  if (intents.has('status') || (memory.asked === 'order' && hasDigits(text))) {
    return orderStatus(memory, text, thisNumber)
  }
  if (intents.has('orderNumber')) return orderNumber(memory)
  if (thisNumber || intents.has('number') || (memory.asksForPhone && hasDigits(text))) {
    return savePhone(memory, thisNumber ? callerIdWords : text)
  }
  if (intents.has('cart')) return readCart(memory)
  if (intents.has('prices')) return tellMenu(memory, 'prices')
  if (intents.has('menu') && drinks.every(({ flavor }) => flavor === undefined))
    return tellMenu(memory, 'summary')
  return undefined
}

function* tellMenu(memory: Memory, part: 'summary' | 'prices'): Turn {
  const answer = yield* memory.ask('menu_summary')
  const text = answer[part] ?? answer.summary
  if (!text) return yield* memory.sayRefusal(answer, memory.asked)
  yield* memory.say(/[.!?]$/.test(text) ? text : `${text}.`, memory.asked)
}

/** What moves the order on. */
function* order(memory: Memory, heard: Heard): Turn {
  const { text, intents, drinks } = heard
  const which = whichOf(text)
  const [first] = drinks
  if (memory.asked === 'confirm' && !memory.pending) {
    // Staged on an earlier connection of this call; without changes the answer is the drink as it is.
    memory.pending = (yield* memory.ask('update_pending_item')).pending_item
  }
  if (memory.asked === 'goOn' && !first && (intents.has('yes') || intents.has('no'))) {
    yield* intents.has('yes') ? goOn(memory) : startAnew(memory)
  } else if (memory.requirement) yield* settleRequirement(memory, text, intents, drinks)
  else if (intents.has('remove') || intents.has('neverMind')) yield* takeAway(memory, which, first)
  else if (first && which !== undefined) yield* changeInCart(memory, which, first)
  else if (memory.pending && (first || !memory.asksForPhone)) yield* toStaged(memory, heard)
  else if (first) yield* takeDrinks(memory, heard)
  else if (intents.has('goodbye')) yield* goodbye(memory)
  else yield* shortAnswer(memory, heard)
}

/** A drink is staged and was read back. */
function* toStaged(memory: Memory, { text, intents, drinks }: Heard): Turn {
  const [first, ...rest] = drinks
  if (first) {
    const now = yield* changeOrAdd(memory, memory.pending!, text, intents, [first, ...rest])
    if (now === 'in the cart') yield* memory.say('Got it.', 'more')
  } else if (intents.has('done')) yield* finish(memory)
  else if (intents.has('no')) yield* memory.say('Okay.', 'change')
  else if (intents.has('yes')) {
    if (yield* confirm(memory)) yield* memory.say('Got it.', 'more')
  } else if (intents.has('goodbye')) yield* goodbye(memory)
  else yield* unclear(memory)
}

function* takeDrinks(memory: Memory, { text, drinks }: Heard): Turn {
  const [first, ...rest] = drinks
  const partial = memory.partial
  memory.waiting.push(...rest)
  const ofTheLast = first!.flavor === undefined && /\b(?:it|that)\b/.test(plain(text))
  // "Make it less ice", said of the drink that has just gone into the cart.
  if (ofTheLast && !partial && memory.cart.length > 0) yield* changeInCart(memory, 'last', first!)
  else yield* stage(memory, partial ? merged(partial, first!) : first!)
}

/** Yes, no, that's all. */
function* shortAnswer(memory: Memory, { text, intents }: Heard): Turn {
  const yes = intents.has('yes')
  const no = intents.has('no')
  const done = no || intents.has('done')
  switch (memory.asked) {
    case 'callerId':
      if (no) yield* memory.say('No problem.', 'phone')
      else if (yes) yield* savePhone(memory, callerIdWords)
      else yield* unclear(memory)
      break
    case 'phoneRight':
      if (no) yield* memory.say('Sorry about that. You can also key it in.', 'phone')
      else if (yes) yield* phoneIsRight(memory)
      else yield* unclear(memory)
      break
    case 'phone':
      yield* memory.say('I need a phone number to text you when it is ready.', 'phone')
      break
    default:
      if (memory.asked === 'after' && (done || /\bthank/.test(plain(text)))) yield* goodbye(memory)
      else if (done) yield* finish(memory)
      else if (yes) yield* memory.say('Of course.', 'drink')
      else yield* unclear(memory)
  }
}

const unclear = (memory: Memory): Turn => memory.say('Sorry, I did not understand that.', memory.asked)
