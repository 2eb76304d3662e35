import { readdirSync, readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import { isSigned, type Simulation, simulation, type SimulationRefusal } from '../../simulation.ts'
import { Phone } from './phone.ts'
import { type Line, playScript, readScript, ScriptFailed, wordsAsTheyStand } from './script.ts'

export interface SimulatedCallsOptions {
  /** Whether the practice agent answers, and no account of Twilio's is set: else nothing is played. */
  practice: boolean
  /** With which the api signs what it asks for. */
  secret: string
  /** Where this process listens. */
  voiceUrl: string
  /** The origin voice is known by. */
  publicUrl: string
  logger: Logger
}

/** Calls that are played at once: this process plays the caller as well as the agent. */
const most = 5
/** The longest a played call may take, in milliseconds. */
const longest = 5 * 60_000

const folder = new URL('../../calls/', import.meta.url)

/** Scripted callers, by the practice telephone, who call this very process as anybody would. */
export class SimulatedCalls {
  readonly #options: SimulatedCallsOptions
  readonly #live = new Map<string, Phone>()
  /** CallSids that were played, until what asked for them has expired: nothing is asked for twice. */
  readonly #played = new Map<string, number>()

  constructor(options: SimulatedCallsOptions) {
    this.#options = options
  }

  /**
   * Begins a call that goes on by itself.
   * @param body as it was signed
   * @returns why there is none; nothing when there is
   */
  take(body: string, signature: string): SimulationRefusal | undefined {
    if (!isSigned(this.#options.secret, body, signature)) return notSigned
    const asked = read(body)
    if (!asked || asked.expires < Date.now() || this.#played.has(asked.callSid)) return notSigned
    if (!this.#options.practice) return notPractice
    if (this.#live.size >= most) {
      const message = `${most} simulated calls go on already. Wait until one has ended, then try again.`
      return { code: 'TOO_MANY_CALLS', message }
    }
    try {
      const lines = linesOf(asked.script)
      this.#remember(asked)
      void this.#play(asked, lines)
      return undefined
    } catch (error) {
      if (!(error instanceof ScriptFailed)) throw error
      return { code: 'BAD_SCRIPT', message: error.message }
    }
  }

  /** Every played caller hangs up. */
  close(): void {
    for (const phone of this.#live.values()) phone.close()
  }

  #remember({ callSid, expires }: Simulation): void {
    for (const [known, until] of this.#played) if (until < Date.now()) this.#played.delete(known)
    this.#played.set(callSid, expires)
  }

  /** What is said and heard is in the call's transcript, and in no log. */
  async #play({ callSid, from }: Simulation, lines: Line[]): Promise<void> {
    const { voiceUrl, publicUrl, logger } = this.#options
    const phone = new Phone({ voiceUrl, publicUrl, from, callSid })
    this.#live.set(callSid, phone)
    const tooLong = setTimeout(() => phone.close(), longest)
    try {
      await phone.dial()
      await playScript(phone, lines, () => undefined)
      logger.info({ callSid }, 'a simulated call came out as an order')
    } catch {
      logger.warn({ callSid }, 'a simulated call came out as no order, or not as its script says')
    } finally {
      clearTimeout(tooLong)
      this.#live.delete(callSid)
      phone.close()
    }
  }
}

const notSigned: SimulationRefusal = {
  code: 'BAD_SIGNATURE',
  message: 'This was not asked for by the api of this shop, or too long ago.',
}

const notPractice: SimulationRefusal = {
  code: 'NOT_PRACTICE',
  message:
    'The shop answers real calls, so none is simulated. Try it with a shop that has no DEEPGRAM_API_KEY, no DEEPGRAM_URL and no Twilio account.',
}

function read(body: string): Simulation | undefined {
  try {
    return simulation.safeParse(JSON.parse(body)).data
  } catch {
    return undefined
  }
}

/** @throws ScriptFailed when there is none of that name, when it says nothing, or naming a line that is wrong */
function linesOf(script: Simulation['script']): Line[] {
  const lines = typeof script === 'string' ? named(script) : readScript(script.join('\n'), wordsAsTheyStand)
  if (lines.some(line => line.do !== 'hear')) return lines
  throw new ScriptFailed('The script says nothing. Give what the caller says, line by line.')
}

function named(name: string): Line[] {
  const names = readdirSync(folder)
    .filter(file => file.endsWith('.txt'))
    .map(file => file.slice(0, -'.txt'.length))
  if (!names.includes(name)) {
    throw new ScriptFailed(
      `There is no such script. There are: ${names.join(', ')}. Or give lines of your own.`,
    )
  }
  return readScript(readFileSync(new URL(`${name}.txt`, folder), 'utf8'))
}
