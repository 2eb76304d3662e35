/** μ-law bytes in a millisecond. */
const bytesPerMs = 8
/** How long the end of a cut reply takes to fade: long enough for no click, too short to be speech. */
const fadeMs = 15

const silence = 0xff

/**
 * What Twilio has been sent and not played yet, by the clock: it plays one second a second, in order, from when it
 * gets something to play.
 */
export class Playout {
  /** Unplayed sound, oldest first; of the first one `#offset` bytes are played. */
  #chunks: Buffer[] = []
  #offset = 0
  /** Up to when `#chunks` is right, on the caller's clock. */
  #at = 0

  /** @param now milliseconds */
  sent(audio: Buffer, now: number): void {
    this.advance(now)
    this.#chunks.push(audio)
  }

  /** Drops what has been played by now. */
  advance(now: number): void {
    let played = Math.floor((now - this.#at) * bytesPerMs)
    this.#at = now
    while (this.#chunks[0] && played > 0) {
      const left = this.#chunks[0].length - this.#offset
      if (played < left) {
        this.#offset += played
        return
      }
      played -= left
      this.#chunks.shift()
      this.#offset = 0
    }
  }

  /**
   * Forgets all that was not played.
   * @returns what would have been played next, fading out; empty when nothing was playing
   */
  cut(now: number): Buffer {
    this.advance(now)
    const length = fadeMs * bytesPerMs
    const next: Buffer[] = []
    let found = 0
    for (const [index, chunk] of this.#chunks.entries()) {
      const part = chunk.subarray(index === 0 ? this.#offset : 0).subarray(0, length - found)
      next.push(part)
      found += part.length
      if (found === length) break
    }
    this.#chunks = []
    this.#offset = 0
    return fadeOut(Buffer.concat(next))
  }

  /** Milliseconds of sound that are still to be played. */
  left(now: number): number {
    this.advance(now)
    const bytes = this.#chunks.reduce((sum, { length }) => sum + length, 0) - this.#offset
    return bytes / bytesPerMs
  }
}

/**
 * Fades μ-law to silence. Its scale is logarithmic, so that lowering the level by equal steps of the code (inverted:
 * 0xFF is zero, the sign is the top bit) is a smooth fade without decoding.
 */
function fadeOut(audio: Buffer): Buffer {
  const faded = Buffer.allocUnsafe(audio.length)
  for (const [index, code] of audio.entries()) {
    const level = ~code & 0x7f
    const lowered = Math.floor((level * (audio.length - 1 - index)) / audio.length)
    faded[index] = level === 0 ? silence : (code & 0x80) | (~lowered & 0x7f)
  }
  return faded
}
