import { randomBytes } from 'node:crypto'
import {
  signatureHeader,
  signatureOf,
  type Simulation,
  simulationPath,
  simulationRefusal,
} from '../../simulation.ts'
import { refuse } from '../carts/refusal.ts'

/** How long a request that was signed is good for, and how long voice may take to answer, in milliseconds. */
const validFor = 30_000
const patience = 3_000

/** The voice process as somebody who plays calls: it is asked for one, and plays it by itself. */
export class PracticeLine {
  readonly #url: string
  readonly #secret: string | undefined

  /**
   * @param url where voice listens
   * @param secret the key with which voice asks the api: knowing it proves to voice that the api asks
   */
  constructor(url: string, secret: string | undefined) {
    this.#url = url + simulationPath
    this.#secret = secret
  }

  /**
   * Has a call played.
   * @returns its CallSid, once voice has taken it on
   * @throws Refusal NOT_PRACTICE, TOO_MANY_CALLS, BAD_SCRIPT, VOICE_AWAY, VOICE_KEY_DIFFERS
   */
  async call({ from, script }: Pick<Simulation, 'from' | 'script'>): Promise<string> {
    if (!this.#secret) return refuse('VOICE_KEY_DIFFERS', keyDiffers)
    const callSid = `CA${randomBytes(16).toString('hex')}`
    const asked: Simulation = { callSid, from, script, expires: Date.now() + validFor }
    const body = JSON.stringify(asked)
    const answer = await post(this.#url, body, signatureOf(this.#secret, body))
    if (answer?.taken) return callSid
    const { data: refusal } = simulationRefusal.safeParse(answer?.body)
    if (!refusal) return refuse('VOICE_AWAY', voiceAway)
    if (refusal.code === 'BAD_SIGNATURE') return refuse('VOICE_KEY_DIFFERS', keyDiffers)
    const part = typeof script === 'string' ? 'script' : 'lines'
    return refuse(refusal.code, refusal.message, refusal.code === 'BAD_SCRIPT' ? ['input', part] : null)
  }
}

const voiceAway =
  'The voice process does not answer, so nobody can call. Start it, or set VOICE_URL to where it listens.'
const keyDiffers =
  'The voice process does not know that this api asks. Give both the same VOICE_API_KEY, and clocks that agree.'

/** → nothing when voice could not be reached, or when something else answers there */
async function post(
  url: string,
  body: string,
  signature: string,
): Promise<{ taken: boolean; body: unknown } | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', [signatureHeader]: signature },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(patience),
    })
    return { taken: response.status === 202, body: await response.json() }
  } catch {
    return undefined
  }
}
