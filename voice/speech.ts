import { Playout } from './playout.ts'
import type { MediaStream } from './twilio/media-stream.ts'

/** How long the gate stays shut when nothing opens it, in milliseconds: late frames of a cut reply come sooner. */
const longestMute = 2_000
/** So much is kept for a caller whose stream has not come, in μ-law bytes: half a minute. */
const mostEarly = 240_000

/**
 * What the agent says on its way to the caller: which reply it belongs to, whether it may still be heard, and whether
 * it was. Agents send faster than speech, so what was sent and what was heard lie seconds apart.
 */
export class Speech {
  readonly #playout = new Playout()
  #caller: MediaStream | undefined
  /** From before the caller's stream came, in order. */
  #early: Buffer[] = []
  #earlyBytes = 0
  /** Counts interruptions: marks of an earlier one say nothing about what was heard. */
  #turn = 0
  #marks = 0
  #unheard = 0
  /** Whether sound came that no mark has closed yet. */
  #sounding = false
  #mute: NodeJS.Timeout | undefined
  #waiting: Waiting | undefined
  /** μ-law bytes that were dropped because the caller had interrupted. */
  dropped = 0

  /** Plays to this caller from now on, what was said before first. */
  attach(caller: MediaStream): void {
    this.#caller = caller
    caller.on('mark', name => this.#echoed(name))
    for (const audio of this.#early) this.#send(audio)
    this.#early = []
    this.#earlyBytes = 0
    // All that came before is closed by one mark: now, or at the end of the reply that is under way.
    const complete = this.#unheard > 0 && !this.#sounding
    this.#unheard = complete ? 1 : 0
    if (complete) this.#mark()
  }

  /** What the agent says. @param audio μ-law 8 kHz */
  play(audio: Buffer): void {
    if (this.#mute) this.dropped += audio.length
    else this.#say(audio)
  }

  /** A whole sentence of ours, heard whether or not the agent may be. @param audio μ-law 8 kHz */
  announce(audio: Buffer): void {
    this.#say(audio)
    this.done()
  }

  /** The reply is complete: a mark after it tells when it has been heard. */
  done(): void {
    if (!this.#sounding) return
    this.#sounding = false
    this.#unheard += 1
    if (this.#caller) this.#mark()
  }

  /** The caller speaks: what they have not heard yet, and what still comes of it, is dropped. */
  interrupt(): void {
    this.#cut()
    clearTimeout(this.#mute)
    this.#mute = setTimeout(() => this.open(), longestMute)
    this.#waiting?.cancel()
  }

  /** A new reply begins: it may sound. */
  open(): void {
    clearTimeout(this.#mute)
    this.#mute = undefined
  }

  /** Whether something is being played right now. */
  get heard(): boolean {
    return this.#playout.left(performance.now()) > 0
  }

  /**
   * Waits until the last words have been heard: those that come from now on, or silence for so long.
   * @param silence after which nothing more is expected, in milliseconds
   * @param deadline in milliseconds
   * @returns false when the caller interrupted
   */
  heardOut(silence: number, deadline: number): Promise<boolean> {
    this.#waiting?.cancel()
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const waiting = new Waiting({
      silence,
      deadline,
      isSilent: () => this.#silent,
      settle: heard => {
        if (this.#waiting === waiting) this.#waiting = undefined
        resolve(heard)
      },
    })
    this.#waiting = waiting
    return promise
  }

  close(): void {
    clearTimeout(this.#mute)
    this.#waiting?.cancel()
  }

  get #silent(): boolean {
    return !this.#sounding && this.#unheard === 0
  }

  #say(audio: Buffer): void {
    if (audio.length === 0) return
    this.#sounding = true
    this.#waiting?.postpone()
    if (this.#caller) this.#send(audio)
    else if (this.#earlyBytes < mostEarly) {
      this.#earlyBytes += audio.length
      this.#early.push(Buffer.from(audio))
    } else this.dropped += audio.length
  }

  #send(audio: Buffer): void {
    this.#playout.sent(audio, performance.now())
    this.#caller?.play(audio)
  }

  #cut(): void {
    this.#caller?.clear()
    // A cut in the middle of a wave is a click.
    const fade = this.#playout.cut(performance.now())
    if (fade.length > 0) this.#caller?.play(fade)
    this.#early = []
    this.#earlyBytes = 0
    this.#turn += 1
    this.#unheard = 0
    this.#sounding = false
  }

  #mark(): void {
    this.#marks += 1
    this.#caller?.mark(`${this.#turn}.${this.#marks}`)
  }

  #echoed(name: string): void {
    const [turn] = name.split('.')
    if (Number(turn) !== this.#turn || this.#unheard === 0) return
    this.#unheard -= 1
    if (this.#silent) this.#waiting?.heard()
  }
}

interface WaitingOptions {
  silence: number
  deadline: number
  isSilent: () => boolean
  settle: (heard: boolean) => void
}

/** Somebody who waits for the last words. */
class Waiting {
  readonly #options: WaitingOptions
  readonly #deadline: NodeJS.Timeout
  #quiet: NodeJS.Timeout
  /** Whether sound came while waiting: only then is its end the last word. */
  #spoke = false

  constructor(options: WaitingOptions) {
    this.#options = options
    this.#deadline = setTimeout(() => this.#end(true), options.deadline)
    this.#quiet = this.#startQuiet()
  }

  postpone(): void {
    this.#spoke = true
    clearTimeout(this.#quiet)
    this.#quiet = this.#startQuiet()
  }

  heard(): void {
    if (this.#spoke) this.#end(true)
  }

  cancel(): void {
    this.#end(false)
  }

  #startQuiet(): NodeJS.Timeout {
    return setTimeout(() => {
      if (this.#options.isSilent()) this.#end(true)
      else this.#spoke = true
    }, this.#options.silence)
  }

  #end(heard: boolean): void {
    clearTimeout(this.#deadline)
    clearTimeout(this.#quiet)
    this.#options.settle(heard)
  }
}
