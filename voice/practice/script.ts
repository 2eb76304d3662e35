import { notCaught } from './conversation.ts'
import type { Phone } from './phone.ts'

/** One line of a call script. */
export type Line =
  | { do: 'say'; text: string }
  | { do: 'press'; keys: string }
  | { do: 'hear'; pattern: RegExp }
  | { do: 'hangUp' }

/** A call that did not go as its script says, in a sentence. */
export class ScriptFailed extends Error {}

/** So long the other side may take for an answer, in milliseconds. */
const patience = 30_000
/** After the last line: time to hear the goodbye, in milliseconds. */
const lastSilence = 1_500

/**
 * Reads a script: a line is said, `> pattern` waits for words (a regular expression, any case), `/press 123` presses
 * keys, `/hangup` hangs up, `#` begins a remark.
 * @param patternOf what to wait for, by what stands after ">"
 * @throws ScriptFailed naming a line that is wrong
 */
export function readScript(text: string, patternOf = regularExpression): Line[] {
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => lineOf(line, patternOf))
}

const regularExpression = (words: string) => new RegExp(words, 'i')

/** For scripts of others: a regular expression of theirs could keep this process busy for ever. */
export const wordsAsTheyStand = (words: string): RegExp =>
  new RegExp(words.split(/\s+/).map(RegExp.escape).join('\\s+'), 'i')

function lineOf(line: string, patternOf: (words: string) => RegExp): Line {
  if (line.startsWith('>')) {
    try {
      return { do: 'hear', pattern: patternOf(line.slice(1).trim()) }
    } catch {
      throw new ScriptFailed(`"${line}" is no regular expression. Write "> words to wait for".`)
    }
  }
  if (!line.startsWith('/')) return { do: 'say', text: line }
  const [command, keys = ''] = line.slice(1).split(/\s+/, 2)
  if (command === 'hangup') return { do: 'hangUp' }
  if (command === 'press' && /^[0-9*#]+$/.test(keys)) return { do: 'press', keys }
  throw new ScriptFailed(`"${line}" is none of the commands: /press 123#, /hangup.`)
}

/** "Your order number is 4, 7, 8, 2." → "4782" */
export function orderNumberIn(text: string): string | undefined {
  const [, digits] = /order number is ((?:\d[,\s]*){4})/i.exec(text) ?? []
  return digits?.replace(/\D/g, '')
}

/**
 * Plays a script: each line is said when the other side has finished speaking, and once more when it was not caught.
 * @param said called with what the caller does
 * @returns the order number that was heard
 * @throws ScriptFailed when something expected was not heard, or no order number was
 */
export async function playScript(phone: Phone, lines: Line[], said: (text: string) => void): Promise<string> {
  const caller = new Caller(phone, said)
  try {
    for (const line of lines) await caller.do(line)
    // Nothing more is said, so it is no failure when the other side has nothing to say either.
    await Promise.race([phone.ended, phone.hearsOut(lastSilence, patience).catch(() => undefined)])
  } catch (error) {
    throw new ScriptFailed(error instanceof Error ? error.message : String(error))
  } finally {
    await phone.hangUp()
  }
  if (!caller.orderNumber) throw new ScriptFailed('The order did not come out: no order number was heard.')
  return caller.orderNumber
}

/** Who goes by a script. */
class Caller {
  /** The last one that was heard. */
  orderNumber: string | undefined
  readonly #phone: Phone
  readonly #said: (text: string) => void
  #words = ''
  /** Whether the other side has not caught them; resolves when it says so. */
  #lost = false
  #loss = Promise.withResolvers<void>()

  constructor(phone: Phone, said: (text: string) => void) {
    this.#phone = phone
    this.#said = said
    phone.on('heard', text => {
      this.orderNumber = orderNumberIn(text) ?? this.orderNumber
      if (text !== notCaught) return
      this.#lost = true
      this.#loss.resolve()
    })
  }

  async do(line: Line): Promise<void> {
    switch (line.do) {
      case 'hear':
        await this.#hear(line.pattern)
        break
      case 'say':
        await this.#turn()
        await this.#say(line.text)
        break
      case 'press':
        await this.#turn()
        this.#said(`[${line.keys}]`)
        await this.#phone.press(line.keys)
        break
      case 'hangUp':
        await this.#phone.hangUp()
        break
    }
  }

  async #hear(pattern: RegExp): Promise<void> {
    const heard = this.#phone.hears(pattern, patience).then(() => true)
    while (!(await Promise.race([heard, this.#loss.promise]))) await this.#turn()
  }

  async #say(words: string): Promise<void> {
    this.#words = words
    this.#said(words)
    await this.#phone.say(words)
  }

  /** Waits until the other side has finished, and has caught what was said. */
  async #turn(): Promise<void> {
    await this.#phone.hearsOut(undefined, patience)
    if (!this.#lost) return
    this.#lost = false
    this.#loss = Promise.withResolvers()
    await this.#say(this.#words)
    await this.#turn()
  }
}
