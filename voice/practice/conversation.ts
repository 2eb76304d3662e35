import { digitByDigit, phoneAloud, priceAloud, refusalAloud, sentencesOf } from './aloud.ts'
import type { Answer, AnsweredDrink } from './answers.ts'
import { argsOf, changesOf, knownPart, merged, saysOnly, without } from './drink-changes.ts'
import { type DrinkWords, plain, readDrinks } from './drink-words.ts'
import { type FunctionWords, menuWordsOf, type MenuWords } from './menu-words.ts'
import { hasDigits, type Intent, intentsOf, orderNumberIn, whichOf } from './understand.ts'

/** What the agent does next: says something, or calls a function and goes on with its answer. */
export type Step = { say: string } | { call: string; args: Record<string, unknown> }

/** The agent's reply to one thing a caller said: give each call's answer to `next`. */
export type Turn = Generator<Step, void, Answer | undefined>
type Asking<Result> = Generator<Step, Result, Answer | undefined>

/** What the agent waits for an answer to. */
type Question =
  | 'drink'
  | 'flavor'
  | 'requirement'
  | 'confirm'
  | 'change'
  | 'more'
  | 'callerId'
  | 'phone'
  | 'phoneRight'
  | 'order'
  | 'after'

const questions: Record<Exclude<Question, 'callerId'>, string> = {
  drink: 'What would you like to order?',
  flavor: 'Which drink would you like that with?',
  requirement: 'Would you like that?',
  confirm: 'Is that right?',
  change: 'What should I change?',
  more: 'Would you like anything else?',
  phone: 'What number should we text when it is ready?',
  phoneRight: 'Is that the right number?',
  order: 'What is the order number, or the phone number it was placed with?',
  after: 'Is there anything else I can do for you?',
}

const statuses: Record<string, string> = {
  RECEIVED: 'has been received',
  PREPARING: 'is being made',
  READY: 'is ready for pickup',
  PICKED_UP: 'was picked up',
  CANCELLED: 'was cancelled',
}

/** A drink that was refused because one thing on it needs another. */
interface Requirement {
  drink: DrinkWords
  needs: string
  for: string
  /** Whether the drink is staged already. */
  staged: boolean
}

/** How the agent comes to know its shop. */
export interface Brief {
  functions: readonly FunctionWords[]
  prompt: string
}

/**
 * Takes an order by rules, as a language model would by its prompt: stage a drink, read it back, confirm it, settle the
 * phone number, check out, say the order number. It knows no menu and no order but what the brief and the functions
 * tell it. One conversation per call; a turn runs to its end before the next begins.
 */
export class Conversation {
  #menu: MenuWords
  /** "4 5 6 7": the end of the number the caller calls from, when it can be texted. */
  #callerId: string | undefined
  #asked: Question = 'drink'
  #said: string[] = []

  /** The staged drink, how many of it, and those that were named with it. */
  #pending: AnsweredDrink | undefined
  #times = 1
  #waiting: DrinkWords[] = []
  /** A drink that is not complete, or was refused: what is known of it. */
  #partial: DrinkWords | undefined
  #requirement: Requirement | undefined

  #cart: AnsweredDrink[] = []
  #phoneSettled = false
  /** The caller has said that this is all; the phone number may still be missing. */
  #finishing = false
  #placed = false

  constructor(brief: Brief) {
    this.#menu = menuWordsOf(brief.functions, brief.prompt)
    this.learn(brief)
  }

  /** Takes a changed menu or prompt. */
  learn({ functions, prompt }: Brief): void {
    this.#menu = menuWordsOf(functions, prompt)
    this.#callerId = /\bending ((?:\d ?){3}\d)/.exec(prompt)?.[1]
  }

  /** Goes on where an earlier connection of the same call broke off. @param lastSaid the agent's last words */
  resume(lastSaid: string): void {
    const asked = (Object.keys(questions) as (keyof typeof questions)[]).find(each =>
      lastSaid.endsWith(questions[each]),
    )
    this.#asked = asked ?? (lastSaid.startsWith(this.#callerIdQuestion) ? 'callerId' : 'more')
  }

  /** The caller said something that could not be understood acoustically. */
  *missed(): Turn {
    yield* this.#say('Sorry, I did not catch that.', this.#asked)
  }

  /** The caller said something. */
  *hear(text: string): Turn {
    const intents = intentsOf(text)
    const drinks = readDrinks(text, this.#menu)
    const turn = this.#sideQuestion(text, intents, drinks) ?? this.#order(text, intents, drinks)
    if (!intents.has('repeat')) this.#said = []
    yield* turn
  }

  /** What a caller may ask or want at any time. */
  #sideQuestion(text: string, intents: Set<Intent>, drinks: DrinkWords[]): Turn | undefined {
    if (intents.has('repeat')) return this.#repeat()
    if (intents.has('person') && drinks.length === 0) return this.#putThrough()
    if (intents.has('status') || (this.#asked === 'order' && hasDigits(text)))
      return this.#status(text, intents)
    if (intents.has('orderNumber')) return this.#orderNumber()
    if (this.#isPhone(text, intents)) return this.#savePhone(intents.has('thisNumber') ? 'caller id' : text)
    if (intents.has('cart')) return this.#readCart()
    if (intents.has('prices')) return this.#menuAloud('prices')
    if (drinks.some(({ flavor }) => flavor !== undefined)) return undefined
    if (intents.has('menu')) return this.#menuAloud('summary')
    return undefined
  }

  *#order(text: string, intents: Set<Intent>, drinks: DrinkWords[]): Turn {
    const which = whichOf(text)
    if (this.#asked === 'confirm' && !this.#pending) {
      // Staged on an earlier connection of this call; without changes the answer is the drink as it is.
      this.#pending = (yield* this.#ask('update_pending_item')).pending_item
    }
    if (this.#requirement) yield* this.#settleRequirement(text, intents, drinks)
    else if (intents.has('remove') || intents.has('neverMind')) yield* this.#takeAway(which, intents, drinks)
    else if (which !== undefined && drinks.length > 0) yield* this.#changeInCart(which, drinks[0]!)
    else if (this.#pending && !(this.#asksForPhone && drinks.length === 0))
      yield* this.#staged(this.#pending, text, intents, drinks)
    else if (drinks.length > 0) yield* this.#takeDrinks(text, drinks)
    else if (intents.has('goodbye')) yield* this.#goodbye()
    else yield* this.#shortAnswer(text, intents)
  }

  /** Yes, no, that's all. */
  *#shortAnswer(text: string, intents: Set<Intent>): Turn {
    const thanks = /\bthank/.test(plain(text))
    switch (this.#asked) {
      case 'callerId':
        if (intents.has('no')) yield* this.#say('No problem.', 'phone')
        else if (intents.has('yes')) yield* this.#savePhone('caller id')
        else yield* this.#unclear()
        break
      case 'phoneRight':
        if (intents.has('no')) yield* this.#say('Sorry about that. You can also key it in.', 'phone')
        else if (intents.has('yes')) {
          this.#phoneSettled = true
          yield* this.#goOn()
        } else yield* this.#unclear()
        break
      case 'after':
        if (intents.has('done') || intents.has('no') || thanks) yield* this.#goodbye()
        else if (intents.has('yes')) yield* this.#say('Of course.', 'drink')
        else yield* this.#unclear()
        break
      case 'phone':
        yield* this.#say('I need a phone number to text you when it is ready.', 'phone')
        break
      default:
        if (intents.has('done') || intents.has('no')) {
          this.#partial = undefined
          yield* this.#finish()
        } else if (intents.has('yes')) yield* this.#say('Of course.', 'drink')
        else yield* this.#unclear()
    }
  }

  *#unclear(): Turn {
    yield* this.#say('Sorry, I did not understand that.', this.#asked)
  }

  *#repeat(): Turn {
    yield { say: this.#said.join(' ') || this.#question(this.#asked) }
  }

  // Drinks

  *#takeDrinks(text: string, drinks: DrinkWords[]): Turn {
    const [first, ...rest] = drinks
    this.#waiting.push(...rest)
    if (
      first!.flavor === undefined &&
      !this.#partial &&
      this.#cart.length > 0 &&
      /\b(?:it|that)\b/.test(plain(text))
    ) {
      // "Make it less ice", said of the drink that has just gone into the cart.
      yield* this.#changeInCart('last', first!)
    } else yield* this.#stage(this.#partial ? merged(this.#partial, first!) : first!)
  }

  *#stage(drink: DrinkWords): Turn {
    this.#finishing = false
    this.#partial = drink
    if (drink.flavor === undefined) return yield* this.#say('Sure.', 'flavor')
    const answer = yield* this.#ask('add_to_cart', argsOf(drink))
    if (!answer.ok || !answer.pending_item) return yield* this.#refused(answer, drink, false)
    this.#partial = undefined
    this.#times = drink.times
    yield* this.#readBack(answer.pending_item)
  }

  *#readBack(drink: AnsweredDrink): Turn {
    this.#pending = drink
    const many = this.#times > 1 ? ` I will put in ${this.#times} of these.` : ''
    yield* this.#say(`That is ${drink.summary}.${many}`, 'confirm')
  }

  /** A drink is staged, and the caller says something to it. */
  *#staged(pending: AnsweredDrink, text: string, intents: Set<Intent>, drinks: DrinkWords[]): Turn {
    const [first] = drinks
    const more = intents.has('yes') || /^(?:and|also|plus)\b|\b(?:another|as well|too)\b/.test(plain(text))
    const change = /\b(?:make|change|instead|actually|switch|rather)\b/.test(plain(text))
    if (first?.flavor !== undefined && more && !change) {
      this.#waiting.push(...drinks)
      yield* this.#confirm()
    } else if (first)
      yield* this.#changePending(pending, first, { only: first.flavor !== undefined && !change, text })
    else if (intents.has('no') && !intents.has('done')) yield* this.#say('Okay.', 'change')
    else if (intents.has('yes') || intents.has('done')) yield* this.#confirm(intents.has('done'))
    else if (intents.has('goodbye')) yield* this.#goodbye()
    else yield* this.#unclear()
  }

  /** @param only what is said is the whole drink, rather than what changes on it */
  *#changePending(
    pending: AnsweredDrink,
    drink: DrinkWords,
    { only, text }: { only: boolean; text: string },
  ): Turn {
    const answer = yield* this.#ask('update_pending_item', changesOf(pending, drink, only || saysOnly(text)))
    if (!answer.ok || !answer.pending_item) yield* this.#refused(answer, drink, true)
    else yield* this.#readBack(answer.pending_item)
  }

  /** @param done whether the caller has said that this is all */
  *#confirm(done = false): Turn {
    for (let left = this.#times; left > 0; left--) {
      const pending = this.#pending!
      const answer = yield* this.#ask('confirm_pending_to_cart')
      this.#pending = undefined
      if (!answer.ok) return yield* this.#sayRefusal(answer, 'more')
      this.#cart.push(pending)
      if (left === 1) break
      const { flavor, toppings, addons, sweetness, ice } = pending
      const again = yield* this.#ask('add_to_cart', { flavor, toppings, addons, sweetness, ice })
      if (!again.ok) return yield* this.#sayRefusal(again, 'more')
      this.#pending = again.pending_item ?? pending
    }
    this.#times = 1
    const next = this.#waiting.shift()
    if (next) yield* this.#stage(next)
    else if (done) yield* this.#finish()
    else yield* this.#say('Got it.', 'more')
  }

  *#refused(answer: Answer, drink: DrinkWords, staged: boolean): Turn {
    const [, item, needs] = /^(.+?) needs (.+?)\./.exec(answer.error ?? '') ?? []
    this.#partial = staged ? undefined : knownPart(drink, this.#menu)
    if (item && needs) {
      this.#requirement = { drink, needs, for: item, staged }
      return yield* this.#sayRefusal(answer, 'requirement')
    }
    yield* this.#sayRefusal(answer, staged ? 'confirm' : 'drink')
  }

  /** "Matcha needs vanilla cream. Shall I add vanilla cream or leave matcha out?" */
  *#settleRequirement(text: string, intents: Set<Intent>, drinks: DrinkWords[]): Turn {
    const { drink, needs, for: item, staged } = this.#requirement!
    this.#requirement = undefined
    this.#partial = undefined
    const [first] = drinks
    const added = first && [...first.toppings, ...first.addons].includes(needs)
    const leave = !added && (intents.has('no') || /\b(?:leave|without|skip|drop|out)\b/.test(plain(text)))
    const settled: DrinkWords = leave
      ? { ...drink, addons: without(drink.addons, item), toppings: without(drink.toppings, item) }
      : { ...drink, toppings: [...without(drink.toppings, needs), needs] }
    if (first?.flavor !== undefined) yield* this.#stage(first)
    else if (staged && this.#pending) {
      yield* this.#changePending(this.#pending, settled, { only: false, text: '' })
    } else yield* this.#stage(settled)
  }

  // The cart

  *#takeAway(which: number | 'last' | undefined, intents: Set<Intent>, drinks: DrinkWords[]): Turn {
    const [first] = drinks
    if (this.#pending && which === undefined) {
      const unwanted =
        first?.flavor === undefined ? [first?.toppings, first?.addons, first?.without].flat() : []
      const parts = unwanted.filter(part => part !== undefined)
      if (first && parts.length > 0) {
        const less = { ...first, toppings: [], addons: [], without: parts }
        return yield* this.#changePending(this.#pending, less, { only: false, text: '' })
      }
      yield* this.#ask('clear_pending_item')
      this.#pending = undefined
      this.#times = 1
      return yield* this.#say('Okay, I have left that out.', this.#cart.length > 0 ? 'more' : 'drink')
    }
    if (this.#partial && which === undefined && intents.has('neverMind')) {
      this.#partial = undefined
      return yield* this.#say('Okay.', 'drink')
    }
    const index = yield* this.#indexOf(which, first)
    if (index < 0) return yield* this.#say('Your cart is empty.', 'drink')
    const answer = yield* this.#ask('remove_from_cart', { index })
    if (!answer.ok) return yield* this.#sayRefusal(answer, 'more')
    this.#cart.splice(index, 1)
    const gone = answer.removed ? `I have taken out ${answer.removed.summary}.` : 'I have taken it out.'
    yield* this.#say(gone, this.#cart.length > 0 ? 'more' : 'drink')
  }

  *#changeInCart(which: number | 'last', drink: DrinkWords): Turn {
    const index = yield* this.#indexOf(which, undefined)
    const now = this.#cart[index]
    const { flavor, toppings, addons, without, sweetness, ice } = drink
    const levelsOnly = flavor === undefined && [toppings, addons, without].every(list => list.length === 0)
    const answer = levelsOnly
      ? yield* this.#ask('set_sweetness_ice', { index: Math.max(0, index), sweetness, ice })
      : yield* this.#ask('modify_cart_item', { index: Math.max(0, index), ...changesOf(now, drink, false) })
    if (!answer.ok) return yield* this.#sayRefusal(answer, this.#pending ? 'confirm' : 'more')
    if (now && answer.item)
      this.#cart[index] = { ...now, ...changesOf(now, drink, false), summary: answer.item.summary }
    yield* this.#say(
      answer.item ? `It is now ${answer.item.summary}.` : 'Done.',
      this.#pending ? 'confirm' : 'more',
    )
  }

  /** The drink a caller means, counted from 0; the last if they do not say; −1 when there is none. */
  *#indexOf(which: number | 'last' | undefined, named: DrinkWords | undefined): Asking<number> {
    if (typeof which === 'number') return which
    if (this.#cart.length === 0) yield* this.#lookAtCart()
    const alike = this.#cart.findLastIndex(
      drink => named?.flavor !== undefined && drink.flavor === named.flavor,
    )
    return alike >= 0 ? alike : this.#cart.length - 1
  }

  *#lookAtCart(): Asking<Answer> {
    const answer = yield* this.#ask('get_cart')
    const { items } = answer
    if (items && items.length !== this.#cart.length) this.#cart = [...items]
    return answer
  }

  *#readCart(): Turn {
    const { items = [], cart_total, pending_item, ok, error } = yield* this.#lookAtCart()
    if (ok === false) return yield* this.#sayRefusal({ error }, this.#asked)
    const staged = pending_item ? ` Not confirmed yet: ${pending_item.summary}.` : ''
    if (items.length === 0) return yield* this.#say(`Your cart is empty.${staged}`, this.#asked)
    const drinks = items.map(({ summary }) => summary).join('; ')
    const total = cart_total ? ` That is ${priceAloud(cart_total)}.` : ''
    yield* this.#say(`You have ${drinks}.${total}${staged}`, this.#asked)
  }

  *#menuAloud(part: 'summary' | 'prices'): Turn {
    const answer = yield* this.#ask('menu_summary')
    const text = answer[part] ?? answer.summary
    if (!text) return yield* this.#sayRefusal(answer, this.#asked)
    yield* this.#say(/[.!?]$/.test(text) ? text : `${text}.`, this.#asked)
  }

  // The phone number and the order

  get #asksForPhone(): boolean {
    return ['phone', 'phoneRight', 'callerId'].includes(this.#asked)
  }

  #isPhone(text: string, intents: Set<Intent>): boolean {
    if (this.#asksForPhone) {
      return intents.has('thisNumber') || intents.has('number') || hasDigits(text)
    }
    return intents.has('number') || (intents.has('thisNumber') && !intents.has('status'))
  }

  *#savePhone(said: string): Turn {
    const offered = this.#asked === 'callerId'
    const answer = yield* this.#ask('save_phone_number', { phone: said })
    this.#phoneSettled = false
    if (!answer.ok || !answer.phone) return yield* this.#sayRefusal(answer, 'phone')
    if (offered && said === 'caller id') {
      this.#phoneSettled = true
      return yield* this.#goOn()
    }
    yield* this.#say(`I have ${phoneAloud(answer.phone)}.`, 'phoneRight')
  }

  /** The phone number is settled: back to where the caller was. */
  *#goOn(): Turn {
    if (this.#finishing) yield* this.#finish()
    else if (this.#pending) yield* this.#readBack(this.#pending)
    else yield* this.#say('Thank you.', this.#cart.length > 0 ? 'more' : 'drink')
  }

  /** The caller wants nothing more: what is missing for the order is asked, then it is placed. */
  *#finish(): Turn {
    if (this.#pending) return yield* this.#confirm(true)
    if (this.#cart.length === 0) yield* this.#lookAtCart()
    this.#finishing = this.#cart.length > 0
    if (this.#finishing) {
      if (this.#phoneSettled) yield* this.#checkOut()
      else if (this.#callerId) yield* this.#say('', 'callerId')
      else yield* this.#say('', 'phone')
    } else if (this.#placed) yield* this.#goodbye()
    else yield* this.#say('Your cart is empty.', 'drink')
  }

  *#checkOut(): Turn {
    const { ok, order_number, total, error } = yield* this.#ask('checkout_order')
    if (!ok || !order_number) {
      this.#phoneSettled &&= !/phone/i.test(error ?? '')
      return yield* this.#sayRefusal({ error }, this.#phoneSettled ? 'more' : 'phone')
    }
    this.#cart = []
    this.#placed = true
    const price = total ? ` That is ${priceAloud(total)}.` : ''
    yield* this.#say(
      `Thank you! Your order number is ${digitByDigit(order_number)}.${price} We will text you when it is ready.`,
      'after',
    )
  }

  *#orderNumber(): Turn {
    const { placed, order_number } = yield* this.#ask('order_is_placed')
    const told =
      placed && order_number
        ? `Your order number is ${digitByDigit(order_number)}.`
        : 'Your order is not placed yet.'
    yield* this.#say(told, this.#asked)
  }

  *#status(text: string, intents: Set<Intent>): Turn {
    const args: Record<string, unknown> = {}
    const number = orderNumberIn(text)
    if (number) args.order_number = number
    else if (hasDigits(text)) {
      const { phone, order_number } = yield* this.#ask('extract_phone_and_order', { text })
      if (order_number) args.order_number = order_number
      else if (phone) args.phone = phone
    } else if (intents.has('thisNumber')) args.phone = 'caller id'

    const before = this.#asked === 'order' ? (this.#placed ? 'after' : 'more') : this.#asked
    const answer = yield* this.#ask('order_status', args)
    if (answer.ok === false) return yield* this.#sayRefusal(answer, 'order')
    const { found, order_number, status } = answer
    if (!found || !order_number) return yield* this.#say('I could not find that order.', 'order')
    const state = statuses[status ?? ''] ?? 'is with us'
    yield* this.#say(`Order ${digitByDigit(order_number)} ${state}.`, before === 'drink' ? 'more' : before)
  }

  // The end of the call

  *#putThrough(): Turn {
    const answer = yield* this.#ask('transfer_to_staff', {})
    if (answer.ok === false) return yield* this.#sayRefusal(answer, this.#asked)
    yield { say: 'I will put you through to a person. One moment please.' }
  }

  *#goodbye(): Turn {
    yield* this.#ask('end_call')
    yield { say: 'Thank you for calling. Goodbye!' }
  }

  // Words

  *#ask(name: string, args: Record<string, unknown> = {}): Asking<Answer> {
    const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined))
    return (yield { call: name, args: given }) ?? {}
  }

  /** Says something and asks a question. */
  *#say(text: string, question: Question): Turn {
    this.#asked = question
    yield* this.#speak(text, this.#question(question))
  }

  /** Says why a function refused. What that asks takes the place of the question. */
  *#sayRefusal({ error }: Answer, question: Question): Turn {
    this.#asked = question
    yield* this.#speak(
      error ? refusalAloud(error) : `Sorry, something went wrong. ${this.#question(question)}`,
    )
  }

  *#speak(...texts: string[]): Turn {
    for (const sentence of texts.flatMap(sentencesOf)) {
      this.#said.push(sentence)
      yield { say: sentence }
    }
  }

  #question(question: Question): string {
    return question === 'callerId' ? `${this.#callerIdQuestion} ${this.#callerId}?` : questions[question]
  }

  get #callerIdQuestion(): string {
    return 'Shall we text the number ending'
  }
}
