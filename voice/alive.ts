import { WebSocket } from 'ws'

/** How often nothing may have come, one time after the other, before the other end counts as gone. */
const missedMost = 2

/**
 * Asks the other end of a socket, by ping, whether it is still there. Whatever it sends is an answer. One that has
 * never answered a ping is not judged by its silence: neither Twilio nor Deepgram promises to answer.
 */
export class Alive {
  readonly #timer: NodeJS.Timeout
  #answers = false
  #heard = true
  #missed = 0

  /** @param every milliseconds */
  constructor(socket: WebSocket, every: number, gone: () => void) {
    socket.on('pong', () => (this.#heard = this.#answers = true))
    this.#timer = setInterval(() => {
      this.#missed = this.#heard ? 0 : this.#missed + 1
      const known = this.#heard && this.#answers
      this.#heard = false
      if (this.#answers && this.#missed >= missedMost) gone()
      else if (!known && socket.readyState === WebSocket.OPEN) socket.ping()
    }, every)
  }

  /** Something came. Told by who reads the socket: a second listener for every frame of sound would cost more. */
  heard(): void {
    this.#heard = true
  }

  /** Stops asking. */
  stop(): void {
    clearInterval(this.#timer)
  }
}
