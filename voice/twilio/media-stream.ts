import { EventEmitter } from 'node:events'
import type { RawData, WebSocket } from 'ws'
import { Alive } from '../alive.ts'
import {
  clearFrame,
  markFrame,
  mediaFrame,
  payloadOf,
  readMessage,
  type StreamMessage,
  type StreamStart,
} from './messages.ts'

interface MediaStreamEvents {
  /** μ-law 8 kHz, usually 20 ms. */
  audio: [Buffer]
  /** A key was pressed: 0–9, * or #. */
  digit: [string]
  /** Everything sent before that mark was played, or cleared. */
  mark: [string]
  /** The caller is gone. This or `lost` comes, once. */
  hangUp: []
  /** The connection broke off: the caller may still be on the line. */
  lost: []
}

/** One second: larger frames would make Twilio wait for all of it before it plays the start. */
const largestFrame = 8_000

/** Frames kept until somebody listens: five seconds of speech. */
const mostEarly = 250

/** More than a minute of speech that Twilio does not take: the connection is dead. */
const mostBuffered = 1_000_000

/** The caller's end of a call: a Twilio media stream that has started. */
export class MediaStream extends EventEmitter<MediaStreamEvents> {
  readonly callSid: string
  /** What the TwiML gave the stream to carry. */
  readonly parameters: Readonly<Record<string, string>>
  readonly #socket: WebSocket
  readonly #streamSid: string
  readonly #alive: Alive
  /** What came before anybody listened; nothing afterwards. */
  #early: StreamMessage[] | undefined = []
  /** How it ended; nothing while it lives. */
  #end: 'hangUp' | 'lost' | undefined

  /** @param alive how often Twilio is asked whether it is still there, in milliseconds */
  constructor(socket: WebSocket, { streamSid, start }: StreamStart, alive: number) {
    super()
    this.callSid = start.callSid
    this.parameters = start.customParameters
    this.#socket = socket
    this.#streamSid = streamSid
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    this.#alive = new Alive(socket, alive, () => socket.terminate())
    socket.on('close', () => {
      this.#alive.stop()
      const said = this.#early?.some(({ event }) => event === 'stop')
      this.#finish(said ? 'hangUp' : 'lost')
    })
  }

  /** Hands over what has come so far, and from now on what comes: call it once the listeners are there. */
  listen(): void {
    const early = this.#early ?? []
    const ended = this.#end
    this.#early = undefined
    for (const message of early) this.#tell(message)
    if (ended) this.emit(ended)
  }

  /** @param audio μ-law 8 kHz, any length */
  play(audio: Buffer): void {
    for (let at = 0; at < audio.length; at += largestFrame) {
      this.#send(mediaFrame(this.#streamSid, audio.subarray(at, at + largestFrame)))
    }
    if (this.#socket.bufferedAmount > mostBuffered) this.#socket.terminate()
  }

  /** @param name letters, digits and dots */
  mark(name: string): void {
    this.#send(markFrame(this.#streamSid, name))
  }

  /** Drops everything that was not played yet. */
  clear(): void {
    this.#send(clearFrame(this.#streamSid))
  }

  /** Gives the call back to Twilio, which asks the `action` of `<Connect>` how to go on. */
  close(): void {
    this.#socket.close(1000)
  }

  #send(frame: string): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(frame)
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#alive.heard()
    if (isBinary) return
    const text = (data as Buffer).toString()
    const payload = this.#early ? undefined : payloadOf(text)
    if (payload !== undefined) {
      this.emit('audio', Buffer.from(payload, 'base64'))
      return
    }
    const message = readMessage(text)
    if (!message) return
    if (!this.#early) this.#tell(message)
    else if (this.#early.length < mostEarly) this.#early.push(message)
  }

  #tell(message: StreamMessage): void {
    switch (message.event) {
      case 'media':
        this.emit('audio', Buffer.from(message.media.payload, 'base64'))
        break
      case 'dtmf':
        this.emit('digit', message.dtmf.digit)
        break
      case 'mark':
        this.emit('mark', message.mark.name)
        break
      case 'stop':
        this.#finish('hangUp')
        break
    }
  }

  #finish(end: 'hangUp' | 'lost'): void {
    if (this.#end) return
    this.#end = end
    if (!this.#early) this.emit(end)
    this.close()
  }
}

/**
 * Waits until Twilio says which call a new socket belongs to. A socket that says anything else first, or nothing, is
 * closed.
 * @param start how long that may take, in milliseconds
 * @param alive how often Twilio is asked whether it is still there from then on, in milliseconds
 * @returns nothing when the socket was closed
 */
export function streamOf(
  socket: WebSocket,
  { start, alive }: { start: number; alive: number },
): Promise<MediaStream | undefined> {
  return new Promise(resolve => {
    const settle = (stream: MediaStream | undefined) => {
      clearTimeout(timer)
      socket.off('message', receive).off('close', closed)
      resolve(stream)
    }
    const refuse = (why: string) => {
      socket.close(1008, why)
      settle(undefined)
    }
    const closed = () => settle(undefined)
    const receive = (data: RawData, isBinary: boolean) => {
      const message = isBinary ? undefined : readMessage((data as Buffer).toString())
      if (message?.event === 'start') settle(new MediaStream(socket, message, alive))
      else if (message?.event !== 'connected') refuse('Expected the start of a media stream')
    }
    const timer = setTimeout(() => refuse('No start came'), start)
    socket.on('message', receive).on('close', closed)
    // A broken socket closes by itself; what it had to say about it is of no use.
    socket.on('error', () => socket.terminate())
  })
}
