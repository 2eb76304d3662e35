import { EventEmitter } from 'node:events'
import { Demodulator } from './modem.ts'
import { frameLength } from './phone-stream.ts'

interface Events {
  heard: [text: string]
  /** Sound without words: music, a recording. */
  sound: []
}

/** Mean square from which a frame counts as sound, and for how long it has to last, in milliseconds. */
const soundPower = 300 ** 2
const soundLength = 200

interface Waiting {
  /** Whether what was waited for has come; settles it then. */
  check: () => boolean
  fail: (why: string) => void
}

/** The caller's ear: what was heard, and those who wait to hear something. */
export class Hearing extends EventEmitter<Events> {
  readonly #ear = new Demodulator(8_000).on('text', text => {
    this.#heardSinceAnswer = true
    this.add(text)
    this.emit('heard', text)
  })
  /** Heard since the last match. */
  #unmatched = ''
  #heardSinceAnswer = false
  /** Milliseconds. */
  #quiet = 0
  #loud = 0
  #waiting: Waiting[] = []
  #closed: string | undefined

  /** Takes one frame of what was played. @param sounding whether anything was */
  listen(samples: Int16Array, sounding: boolean): void {
    this.#ear.push(samples)
    this.#quiet = sounding || this.#ear.receiving ? 0 : this.#quiet + frameLength
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length
    this.#loud = power > soundPower && !this.#ear.receiving ? this.#loud + frameLength : 0
    if (this.#loud === soundLength) {
      this.#heardSinceAnswer = true
      this.emit('sound')
    }
    this.#check()
  }

  /** Takes words that did not come as sound of the stream. */
  add(text: string): void {
    this.#unmatched = `${this.#unmatched} ${text}`.trim()
    this.#check()
  }

  /** The caller speaks: from here on the other side is expected to say something. */
  answered(): void {
    this.#heardSinceAnswer = false
    this.#quiet = 0
  }

  match(pattern: RegExp, within: number): Promise<string> {
    const stateless = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''))
    return this.#wait(within, `Did not hear ${pattern}`, () => {
      const match = stateless.exec(this.#unmatched)
      if (!match) return undefined
      const end = match.index + match[0].length
      const heard = this.#unmatched.slice(0, end)
      this.#unmatched = this.#unmatched.slice(end)
      return heard
    })
  }

  silence(length: number, within: number): Promise<void> {
    return this.#wait(within, 'The other side did not finish speaking', () =>
      this.#heardSinceAnswer && this.#quiet >= length ? { value: undefined } : undefined,
    ).then(() => undefined)
  }

  /** Nothing more will be heard; whoever waits is told so. */
  close(why: string): void {
    this.#closed = why
    this.#ear.removeAllListeners()
    for (const { fail } of this.#waiting.splice(0)) fail(why)
  }

  #wait<Found>(within: number, failure: string, find: () => Found | undefined): Promise<Found> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        clearTimeout(timer)
        reject(new Error(`${failure}. ${why} Heard since the last match: "${this.#unmatched}".`))
      }
      const waiting: Waiting = {
        fail,
        check: () => {
          const found = find()
          if (found === undefined) return false
          clearTimeout(timer)
          resolve(found)
          return true
        },
      }
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter(each => each !== waiting)
        fail(`${within / 1_000} s have passed.`)
      }, within)
      if (waiting.check()) return
      if (this.#closed === undefined) this.#waiting.push(waiting)
      else fail(this.#closed)
    })
  }

  #check(): void {
    this.#waiting = this.#waiting.filter(({ check }) => !check())
  }
}
