import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { AgentCall } from '../tests/support/agent.ts'
import type { Caller } from '../tests/support/caller.ts'
import type { Random } from '../tests/support/random.ts'
import type { FunctionCall } from '../voice/deepgram/messages.ts'
import { runFunction } from '../voice/functions/run-function.ts'
import { Broken, within } from './broken.ts'
import type { Kills } from './kills.ts'
import { type State, type Step, scriptBy } from './script.ts'
import { longestAnswer, type Shop } from './shop.ts'
import type { Tally } from './tally.ts'

type Answer = Record<string, unknown>

/** A function the agent asked for, under the id it asked with. */
interface Asked extends FunctionCall {
  step: Step
  answer?: Answer
}

/** Longest time until voice answers anything, in milliseconds; its own deadline for a function is 5 s. */
const longest = 15_000
/** Between two functions, in milliseconds at most. */
const pace = 80

/** What voice answers when the api was away for too long: the function may have been done. */
const isAway = ({ ok, error }: Answer) => ok === false && /does not answer/.test(String(error))

/** One caller and the agent they talk to, by a script, through a voice process that may die under them. */
export class ScriptedCall {
  readonly #shop: Shop
  readonly #kills: Kills
  readonly #tally: Tally
  readonly #random: Random
  readonly #script: Step[]
  readonly #asked: Asked[] = []
  readonly #twins: Promise<void>[] = []
  #caller!: Caller
  #deaths = 0
  phone = ''
  /** By what was answered. */
  state: State = { staged: null, cart: [], ordered: null }
  /** If what was asked for last and not answered was done. */
  maybe: State | undefined
  /** The number the caller was told. */
  orderNumber: string | undefined

  constructor(shop: Shop, random: Random, kills: Kills, tally: Tally) {
    this.#shop = shop
    this.#random = random
    this.#kills = kills
    this.#tally = tally
    this.#script = scriptBy(random)
  }

  get callSid(): string {
    return this.#caller.callSid
  }

  async play(): Promise<void> {
    await delay(this.#random.below(800))
    const line = await this.#connect()
    this.#tally.add('calls')
    try {
      for (const step of this.#script) {
        await delay(this.#random.below(pace))
        if (!(await this.#ask(line, step))) break
      }
      await this.#leave(line)
    } catch (error) {
      if (error instanceof Broken || this.#shop.voice.deaths === this.#deaths) throw error
      this.#tally.add('calls whose voice died')
      await this.#brokeOff()
    }
  }

  /** Rings until somebody answers. Who rang in vain calls again later, from another phone. */
  async #connect(): Promise<AgentCall> {
    const { voice } = this.#shop
    for (;;) {
      await voice.ready()
      this.#deaths = voice.deaths
      this.phone = this.#shop.newNumber()
      this.#caller = this.#shop.phone(this.phone)
      const opened = this.#shop.lineOf(this.phone)
      try {
        const twiml = await within(longest, 'an answer to a ring', this.#caller.ring())
        // The api was away for longer than Twilio waits.
        if (!twiml.includes('<Stream')) continue
        const gone = once(await this.#caller.open(), 'close')
        this.#caller.start()
        const line = await within(longest, 'an agent', Promise.race([opened, gone]))
        if (!Array.isArray(line)) {
          this.#caller.speak(Buffer.alloc(160, 0xff))
          return line
        }
      } catch (error) {
        if (error instanceof Broken) throw error
      }
      if (voice.deaths === this.#deaths) throw new Broken('a call was not taken though voice lived')
      this.#tally.add('rings while voice died')
    }
  }

  /** → whether the conversation goes on */
  async #ask(line: AgentCall, step: Step): Promise<boolean> {
    const id = `call_${this.#asked.length}_${this.#random.below(2 ** 32).toString(16)}`
    const asked: Asked = {
      id,
      name: step.name,
      arguments: JSON.stringify(step.args),
      step,
      client_side: true,
    }
    this.#asked.push(asked)
    this.maybe = step.after
    line.request({ name: step.name, args: step.args, id })
    this.#tally.add('functions asked for')
    this.#kills.reached('the agent asked for a function')
    if (this.#random.chance(15)) this.#twins.push(this.#repeat(asked))
    const answer = await within(longest, `an answer to ${step.name}`, line.answer(id))
    if (isAway(answer)) {
      this.#tally.add('functions for which the api was away too long')
      return false
    }
    if (!answer.ok) throw new Broken(`${step.name} answered ${JSON.stringify(answer)}`)
    asked.answer = answer
    this.state = step.after
    this.maybe = undefined
    if (step.name === 'checkout_order') this.#told(answer)
    return true
  }

  #told({ order_number, items }: Answer): void {
    const number = String(order_number)
    if (this.orderNumber !== undefined && this.orderNumber !== number) {
      throw new Broken(`a call was told two order numbers, ${this.orderNumber} and ${number}`)
    }
    this.orderNumber = number
    if ((items as unknown[]).length !== this.state.ordered!.length) {
      throw new Broken(`order ${number} was told with ${(items as unknown[]).length} drinks`)
    }
  }

  async #leave(line: AgentCall): Promise<void> {
    if (this.#asked.at(-1)?.name !== 'end_call' || this.maybe) return this.#caller.hangUp()
    line.says('Goodbye.', Buffer.alloc(800, 0x11))
    const heard = this.#caller.mark().then(mark => this.#caller.echo(mark))
    await within(longest, 'the last word', heard)
    await within(longest, 'the end of a call', this.#caller.givenBack())
  }

  /** Twilio asks how a call goes on whose stream broke off. */
  async #brokeOff(): Promise<void> {
    const { voice } = this.#shop
    for (;;) {
      await voice.ready()
      const { deaths } = voice
      try {
        const { status, body } = await this.#caller.webhook('/voice/after-stream')
        if (status !== 200 || !body.includes('<Response')) throw new Broken(`after-stream answered ${status}`)
        return
      } catch (error) {
        if (error instanceof Broken || voice.deaths === deaths) throw error
      }
    }
  }

  /** Everything that was asked for once more: what was answered is answered again, what was not is done now. */
  async repeatAll(): Promise<void> {
    await Promise.all(this.#twins)
    for (const asked of this.#asked) await this.#repeat(asked)
    this.state = this.maybe ?? this.state
    this.maybe = undefined
  }

  /** The same request once more, past voice. */
  async #repeat(asked: Asked): Promise<void> {
    const { functions, asVoice } = this.#shop
    const signal = AbortSignal.timeout(longestAnswer)
    this.#tally.add('requests repeated')
    const { content } = await runFunction(functions, asVoice, this.callSid, asked, {
      within: longestAnswer,
      signal,
    })
    const answer = JSON.parse(content) as Answer
    if (!answer.ok) throw new Broken(`${asked.name} once more answered ${content}`)
    asked.answer ??= answer
    if (!isDeepStrictEqual(answer, asked.answer)) {
      throw new Broken(`${asked.name} answered ${JSON.stringify(asked.answer)}, once more ${content}`)
    }
  }
}
