import { setTimeout as delay } from 'node:timers/promises'
import twilio from 'twilio'
import type { Random } from '../tests/support/random.ts'
import {
  type Behaviour,
  type Message,
  type SmsProvider,
  startSmsProvider,
} from '../tests/support/sms-provider.ts'
import type { Kills } from './kills.ts'

/** Every eighth guest has replied STOP. */
export const refusesTexts = (to: string) => Number(to.slice(-4)) % 8 === 0
/** Twilio's code for that. */
export const stopped = 21610

const mischief: Behaviour[] = [
  'take and drop',
  'take and drop',
  'take and fail',
  'drop',
  { status: 500, code: null },
  { status: 429, code: 20429 },
]
/** A text is played tricks on so often at most, and Twilio's list so often in a round: every round has an end. */
const mostMischief = 2

/** What Twilio tells of a message it has taken, in the order in which it is told. */
const stories = [
  [],
  ['sent', 'delivered'],
  ['delivered', 'sent'],
  ['sent', 'sent', 'delivered', 'delivered'],
  ['sent', 'undelivered'],
]

/** What became of a text by what Twilio has told. */
export interface Told {
  /** It was told and the api has said so. */
  certain?: string
  /** It was told. */
  possible?: string
}

const textOf = (to: string, body: string) => `${to} ${body}`

/** A Twilio that takes texts, and sometimes does not say so. */
export class Twilio {
  readonly #publicUrl: string
  readonly #apiUrl: string
  readonly #tricks = new Map<string, number>()
  readonly #told = new Map<string, Told>()
  readonly #telling = new Set<Promise<void>>()
  #provider!: SmsProvider
  #random!: Random
  #kills!: Kills

  private constructor(publicUrl: string, apiUrl: string) {
    this.#publicUrl = publicUrl
    this.#apiUrl = apiUrl
  }

  /**
   * @param publicUrl where it thinks it reaches the api
   * @param apiUrl where it does
   */
  static async start(publicUrl: string, apiUrl: string): Promise<Twilio> {
    const standIn = new Twilio(publicUrl, apiUrl)
    standIn.#provider = await startSmsProvider({
      treat: (to, body) => {
        standIn.#kills.reached('Twilio was asked to send')
        return standIn.#treat(to, body)
      },
      taken: message => {
        standIn.#kills.reached('Twilio took a text and has not answered')
        standIn.#tell(message)
      },
      answered: () => standIn.#kills.reached('Twilio answered'),
      looksUp: () => !standIn.#random.chance(30) || !standIn.#mayTrick('list'),
    })
    return standIn
  }

  /** The variables that make the api text through it. */
  get env(): Record<string, string> {
    return this.#provider.env
  }

  /** How often somebody has tried to send, and to look a text up. */
  get attempts(): { send: number; list: number } {
    return this.#provider.attempts
  }

  /** From now on it does as this says. */
  begin(random: Random, kills: Kills): void {
    this.#random = random
    this.#kills = kills
    this.#tricks.clear()
  }

  /** How often it has taken a text: that often the guest got it. */
  taken(to: string, body?: string): number {
    return this.#provider.messages.filter(
      each => each.to === to && (body === undefined || each.body === body),
    ).length
  }

  get total(): number {
    return this.#provider.messages.length
  }

  told(to: string, body: string): Told {
    return this.#told.get(textOf(to, body)) ?? {}
  }

  /** Waits until it has told all it has to tell. */
  async silent(): Promise<void> {
    await Promise.all(this.#telling)
  }

  async close(): Promise<void> {
    await this.silent()
    await this.#provider.close()
  }

  #treat(to: string, body: string): Behaviour {
    if (refusesTexts(to)) return { status: 400, code: stopped }
    if (this.#random.chance(50) || !this.#mayTrick(textOf(to, body))) return 'take'
    return this.#random.pick(mischief)
  }

  #mayTrick(what: string): boolean {
    const tricks = this.#tricks.get(what) ?? 0
    this.#tricks.set(what, tricks + 1)
    return tricks < mostMischief
  }

  #tell(message: Message): void {
    const telling = this.#report(message, this.#random.pick(stories), this.#random.below(150))
    this.#telling.add(telling)
    void telling.finally(() => this.#telling.delete(telling))
  }

  /** Reports that are not taken are not repeated, as with Twilio. */
  async #report({ sid, to, body, statusCallback }: Message, story: string[], pause: number): Promise<void> {
    const told: Told = {}
    this.#told.set(textOf(to, body), told)
    for (const status of story) {
      await delay(pause)
      const final = ['delivered', 'undelivered'].includes(status) ? status.toUpperCase() : undefined
      if (final) told.possible = final
      const fields = { MessageSid: sid, MessageStatus: status }
      try {
        const { ok } = await fetch(statusCallback!.replace(this.#publicUrl, this.#apiUrl), {
          method: 'POST',
          headers: {
            'X-Twilio-Signature': twilio.getExpectedTwilioSignature(
              this.#provider.env.TWILIO_AUTH_TOKEN!,
              statusCallback!,
              fields,
            ),
          },
          body: new URLSearchParams(fields),
        })
        if (final && ok) told.certain = final
      } catch {
        // Nobody was there.
      }
    }
  }
}
