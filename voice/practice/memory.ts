import { refusalAloud, sentencesOf } from './aloud.ts'
import type { Answer, AnsweredDrink } from './answers.ts'
import type { DrinkWords } from './drink-words.ts'
import { type FunctionWords, menuWordsOf, type MenuWords } from './menu-words.ts'

/** What the agent does next: says a sentence, or calls a function and goes on with its answer. */
export type Step = { say: string } | { call: string; args: Record<string, unknown> }

/** The agent's reply to one thing a caller said: give each call's answer to `next`. */
export type Turn = Asking<void>
/** A part of a turn that finds something out. */
export type Asking<Result> = Generator<Step, Result, Answer | undefined>

/** What the agent waits for an answer to. */
export type Question = keyof typeof questions

const questions = {
  drink: 'What would you like to order?',
  goOn: 'Shall we go on?',
  flavor: 'Which drink would you like that with?',
  requirement: 'Would you like that?',
  confirm: 'Is that right?',
  change: 'What should I change?',
  more: 'Would you like anything else?',
  callerId: 'Shall we text the number ending',
  phone: 'What number should we text when it is ready?',
  phoneRight: 'Is that the right number?',
  order: 'What is the order number, or the phone number it was placed with?',
  after: 'Is there anything else I can do for you?',
}

/** A drink that was refused because one thing on it needs another. */
export interface Requirement {
  drink: DrinkWords
  item: string
  needs: string
  /** Whether the drink is staged already. */
  staged: boolean
}

/** How the agent comes to know its shop. */
export interface Brief {
  functions: readonly FunctionWords[]
  prompt: string
}

/** What the agent remembers of one call, and how it speaks. */
export class Memory {
  menu: MenuWords = { flavors: [], toppings: [], addons: [] }
  /** "4 5 6 7": the end of the number the caller calls from, when it can be texted. */
  callerId: string | undefined
  asked: Question = 'drink'

  /** The staged drink, how many of it, and those that were named with it. */
  pending: AnsweredDrink | undefined
  times = 1
  waiting: DrinkWords[] = []
  /** A drink that is not complete, or was refused: what is known of it. */
  partial: DrinkWords | undefined
  requirement: Requirement | undefined

  /** The drinks in the cart, as far as they were put there in this conversation. */
  cart: AnsweredDrink[] = []
  phoneSettled = false
  /** The caller has said that this is all; the phone number may still be missing. */
  finishing = false
  placed = false

  /** What was said since the caller last spoke. */
  said: string[] = []

  constructor(brief: Brief) {
    this.learn(brief)
  }

  /** Takes a changed menu or prompt. */
  learn({ functions, prompt }: Brief): void {
    this.menu = menuWordsOf(functions, prompt)
    this.callerId = /\bending ((?:\d ?){3}\d)/.exec(prompt)?.[1]
  }

  /** Goes on where an earlier connection of the same call broke off. @param lastSaid the agent's last words */
  resume(lastSaid: string): void {
    const asked = (Object.keys(questions) as Question[]).find(each => lastSaid.includes(questions[each]))
    this.asked = asked ?? 'more'
  }

  *ask(name: string, args: Record<string, unknown> = {}): Asking<Answer> {
    const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined))
    return (yield { call: name, args: given }) ?? {}
  }

  /** Says something and asks a question. */
  *say(text: string, question: Question): Turn {
    this.asked = question
    yield* this.speak(`${text} ${this.question}`.trim())
  }

  /** Says why a function refused, which asks something itself in place of the question. */
  *sayRefusal({ error }: Answer, question: Question): Turn {
    this.asked = question
    yield* this.speak(error ? refusalAloud(error) : `Sorry, something went wrong. ${this.question}`)
  }

  *speak(text: string): Turn {
    for (const sentence of sentencesOf(text)) {
      this.said.push(sentence)
      yield { say: sentence }
    }
  }

  get question(): string {
    const words = questions[this.asked]
    return this.asked === 'callerId' ? `${words} ${this.callerId}?` : words
  }

  get asksForPhone(): boolean {
    return ['phone', 'phoneRight', 'callerId'].includes(this.asked)
  }
}
