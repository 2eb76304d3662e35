import { EventEmitter } from 'node:events'
import alawmulaw from 'alawmulaw'
import type { WebSocket } from 'ws'
import { type OutboundFrame, readOutbound } from './outbound-frames.ts'
import { Playback } from './playback.ts'
import { TwilioError } from './twiml.ts'

const { mulaw } = alawmulaw

export interface StreamIdentity {
  accountSid: string
  callSid: string
  streamSid: string
  parameters: Record<string, string>
}

/** One frame, in milliseconds and in bytes of μ-law 8 kHz. */
export const frameLength = 20
const frameBytes = 160
const silence = 0xff
/** Twilio keeps ten minutes of sound and drops what is more (31931). */
const mostBuffered = 10 * 60 * 8_000
const keyEvery = 5
/** A timer that is later than this, in milliseconds, tells that this whole process stood still. */
const mostLate = 200
/** After so many frames that were late one after the other and had no sound, there is none to come. */
const mostHeld = 50

interface Events {
  /** What the caller heard during one frame; nothing was played when it is all zeros. */
  played: [samples: Int16Array, sounding: boolean]
  problem: [TwilioError]
  /** The server has closed the socket. Does not come after stop(). */
  closed: []
}

/** Something to be sent in the place of silence. */
interface Utterance {
  audio: Buffer
  sent: () => void
}

/**
 * Twilio's end of a media stream (www.twilio.com/docs/voice/media-streams/websocket-messages): a frame every 20 ms in
 * both directions, by the clock and not by the timer, so that a late timer does not make the call longer. Only time in
 * which this process stood still does not count: nothing could come in it that would have been played. When that was
 * short, all that was due is sent at once, but what is not there yet to be played makes no gap in what is heard.
 */
export class PhoneStream extends EventEmitter<Events> {
  readonly #socket: WebSocket
  readonly #identity: StreamIdentity
  readonly #playback = new Playback()
  readonly #speech: Utterance[] = []
  readonly #keys: { key: string; sent: () => void }[] = []
  readonly #reported = new Set<number>()
  readonly #now: () => number
  #started: number
  #timer: NodeJS.Timeout | undefined
  #sequence = 0
  #frames = 0
  #keyAt = 0
  /** Late frames in a row in which nothing was played, not even silence. */
  #held = 0
  #over = false

  /**
   * @param socket open
   * @param now a clock in milliseconds
   */
  constructor(socket: WebSocket, identity: StreamIdentity, now: () => number) {
    super()
    this.#now = now
    this.#started = now()
    this.#socket = socket
    this.#identity = identity
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary))
    socket.on('close', () => {
      if (!this.#end()) return
      this.emit('closed')
    })
    this.#sendText({ event: 'connected', protocol: 'Call', version: '1.0.0' })
    const { parameters: customParameters, ...sids } = identity
    this.#send('start', {
      start: {
        ...sids,
        tracks: ['inbound'],
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8_000, channels: 1 },
        customParameters,
      },
    })
    this.#schedule()
  }

  /** @param audio μ-law 8 kHz. Resolves when the last of it has been sent, or the stream has ended. */
  say(audio: Buffer): Promise<void> {
    if (this.#over) return Promise.resolve()
    return new Promise(sent => this.#speech.push({ audio, sent }))
  }

  /** Presses keys, ten a second at most. Resolves when the last one has been sent, or the stream has ended. */
  async press(keys: string): Promise<void> {
    if (this.#over) return
    await Promise.all([...keys].map(key => new Promise<void>(sent => this.#keys.push({ key, sent }))))
  }

  /** The caller hangs up. */
  stop(): void {
    if (!this.#end()) return
    const { accountSid, callSid } = this.#identity
    this.#send('stop', { stop: { accountSid, callSid } })
    this.#socket.close(1000)
    // A server that does not answer the close must not hold the socket.
    const patience = setTimeout(() => this.#socket.terminate(), 1_000)
    this.#socket.once('close', () => clearTimeout(patience))
  }

  #schedule(): void {
    const due = this.#started + (this.#frames + 1) * frameLength
    this.#timer = setTimeout(
      () => {
        const late = this.#now() - due
        if (late > mostLate) this.#started += late
        while (!this.#over && this.#now() >= this.#started + (this.#frames + 1) * frameLength)
          this.#frame(late > frameLength)
        if (!this.#over) this.#schedule()
      },
      Math.max(0, due - this.#now()),
    )
  }

  /** @param late whether it makes up for time in which this process could not take in what there was to play */
  #frame(late: boolean): void {
    this.#frames++
    this.#pressNext()
    this.#send('media', {
      media: {
        track: 'inbound',
        chunk: String(this.#frames),
        timestamp: String((this.#frames - 1) * frameLength),
        payload: this.#speak().toString('base64'),
      },
    })
    // Half a frame and silence would cut a word in two. When nothing follows for long, it is silence all the same.
    if (this.#playback.length >= frameBytes) this.#held = 0
    else if (late && this.#held < mostHeld) return void this.#held++
    const sounding = this.#playback.sounding
    const { audio, marks } = this.#playback.play(frameBytes)
    const samples = new Int16Array(frameBytes)
    samples.set(mulaw.decode(audio))
    this.emit('played', samples, sounding)
    this.#echo(marks)
  }

  /** The next frame of what the caller says, filled up with silence. */
  #speak(): Buffer {
    const frame = Buffer.alloc(frameBytes, silence)
    let at = 0
    while (at < frameBytes && this.#speech.length > 0) {
      const utterance = this.#speech[0]!
      at += utterance.audio.copy(frame, at)
      const left = utterance.audio.subarray(Math.min(frameBytes, utterance.audio.length))
      if (left.length === 0 || utterance.audio.length <= frameBytes) {
        this.#speech.shift()
        utterance.sent()
        break
      }
      utterance.audio = left
    }
    return frame
  }

  #pressNext(): void {
    if (this.#keys.length === 0 || this.#frames < this.#keyAt) return
    this.#keyAt = this.#frames + keyEvery
    const { key, sent } = this.#keys.shift()!
    this.#send('dtmf', { dtmf: { track: 'inbound_track', digit: key } })
    sent()
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#over) return
    if (isBinary) return this.#report(31950, 'A binary frame came; Twilio takes text only.')
    const frame = readOutbound(data.toString(), this.#identity.streamSid)
    if (frame) this.#take(frame)
    else this.#report(31951, 'A frame came that is no media, mark or clear of this stream.')
  }

  #take(frame: OutboundFrame): void {
    switch (frame.event) {
      case 'media': {
        const audio = Buffer.from(frame.media.payload, 'base64')
        if (this.#playback.length + audio.length <= mostBuffered) this.#playback.add(audio)
        else this.#report(31931, 'More than ten minutes of sound wait; the rest is dropped.')
        break
      }
      case 'mark':
        this.#echo(this.#playback.mark(frame.mark.name))
        break
      case 'clear':
        this.#echo(this.#playback.clear())
        break
    }
  }

  #echo(marks: string[]): void {
    for (const name of marks) this.#send('mark', { mark: { name } })
  }

  /** Each problem is reported once a stream, and then passed over. */
  #report(code: number, sentence: string): void {
    if (this.#reported.has(code)) return
    this.#reported.add(code)
    this.emit('problem', new TwilioError(code, sentence))
  }

  #send(event: string, body: object): void {
    const { streamSid } = this.#identity
    this.#sendText({ event, sequenceNumber: String(++this.#sequence), streamSid, ...body })
  }

  #sendText(frame: object): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(frame))
  }

  /** @returns false when it had ended before */
  #end(): boolean {
    if (this.#over) return false
    this.#over = true
    clearTimeout(this.#timer)
    for (const { sent } of [...this.#speech.splice(0), ...this.#keys.splice(0)]) sent()
    return true
  }
}
