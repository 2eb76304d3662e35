import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'
import { styleText } from 'node:util'
import type { Phone } from './phone.ts'

export const help =
  'Type what you say and press Enter; it interrupts. /press 123# keys in, /hangup ends the call.'

type Style = Parameters<typeof styleText>[0]

/** Shows a call as it goes, one line for each thing that is said or happens. */
export class Transcript {
  readonly #out: Writable
  readonly #before: () => void
  readonly #after: () => void

  /** @param around called before and after each line, to move a prompt out of the way */
  constructor(out: Writable, around: { before?: () => void; after?: () => void } = {}) {
    this.#out = out
    this.#before = around.before ?? (() => undefined)
    this.#after = around.after ?? (() => undefined)
  }

  agent(text: string): void {
    this.#line(`${this.#styled('cyan', 'Agent')}  ${text}`)
  }

  caller(text: string): void {
    this.#line(`${this.#styled('green', 'You')}    ${text}`)
  }

  note(text: string): void {
    this.#line(this.#styled('dim', text))
  }

  warn(text: string): void {
    this.#line(this.#styled('yellow', text))
  }

  /** Writes what a telephone hears. */
  follow(phone: Phone): void {
    phone.on('twiml-say', text => this.note(`Twilio ${text}`))
    phone.on('heard', text => this.agent(text))
    phone.on('sound', () => this.note('(a recording plays)'))
    phone.on('dialled', number => this.note(`(you are put through to ${number})`))
    phone.on('problem', problem => this.warn(problem.message))
    phone.on('ended', ending => this.note(`(${ending})`))
  }

  #line(text: string): void {
    this.#before()
    this.#out.write(`${text}\n`)
    this.#after()
  }

  /** Colours only where somebody sees them: on a terminal, and without NO_COLOR. */
  #styled(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#out as NodeJS.WritableStream })
  }
}

/** Lets somebody talk over the telephone from a terminal, until the call ends or the input does. Takes the input whole. */
export async function talk(phone: Phone, input: Readable, out: Writable): Promise<void> {
  const terminal = createInterface({ input, output: out, prompt: '› ' })
  let open = true
  const prompt = () => open && terminal.prompt(true)
  terminal.once('close', () => {
    open = false
    void phone.hangUp()
  })
  phone.once('ended', () => terminal.close())

  const isTerminal = (out as NodeJS.WriteStream).isTTY
  const transcript = new Transcript(out, {
    // Back to the start of the line, and the prompt with what is being typed is gone until after it.
    before: () => isTerminal && out.write('\r\u001b[K'),
    after: () => isTerminal && prompt(),
  })
  transcript.note(help)
  transcript.follow(phone)
  terminal.on('line', line => void enter(phone, line.trim(), transcript).finally(prompt))
  prompt()
  await phone.ended
  // Pausing would not do: a pipe that is paused while a line of it is handled is read on, and keeps the process.
  input.destroy()
}

async function enter(phone: Phone, line: string, transcript: Transcript): Promise<void> {
  const [command, keys = ''] = line.split(/\s+/, 2)
  try {
    if (command === '/hangup') await phone.hangUp()
    else if (command === '/press') await phone.press(keys)
    else if (line.startsWith('/')) transcript.note(help)
    else if (line) await phone.say(line)
  } catch (error) {
    transcript.warn(error instanceof Error ? error.message : String(error))
  }
}
