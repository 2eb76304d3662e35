/** μ-law bytes in a millisecond. */
const bytesPerMs = 8
/** How long the end of a cut reply takes to fade: long enough for no click, too short to be speech. */
const fadeMs = 15
/** Room for half a second, which is all that a reply in real time needs. */
const usualRoom = 4_096

const silence = 0xff

/**
 * What Twilio has been sent and not played yet, by the clock: it plays one second a second, in order, from when it
 * gets something to play. The sound is copied, since a chunk that is kept would keep all that it was cut from.
 */
export class Playout {
  /** Unplayed sound: `#length` bytes from `#start` on, going on at the front when it reaches the end. */
  #ring = Buffer.allocUnsafeSlow(usualRoom)
  #start = 0
  #length = 0
  /** Up to when this is right, on the caller's clock. */
  #at = 0

  /** @param now milliseconds */
  sent(audio: Buffer, now: number): void {
    this.advance(now)
    if (this.#length + audio.length > this.#ring.length) this.#grow(this.#length + audio.length)
    const from = (this.#start + this.#length) % this.#ring.length
    const fits = audio.copy(this.#ring, from)
    if (fits < audio.length) audio.copy(this.#ring, 0, fits)
    this.#length += audio.length
  }

  /** Drops what has been played by now. */
  advance(now: number): void {
    const played = Math.min(this.#length, Math.floor((now - this.#at) * bytesPerMs))
    this.#at = now
    this.#start = (this.#start + played) % this.#ring.length
    this.#length -= played
    if (this.#length === 0) this.#empty()
  }

  /**
   * Forgets all that was not played.
   * @returns what would have been played next, fading out; empty when nothing was playing
   */
  cut(now: number): Buffer {
    this.advance(now)
    const next = this.#next(Math.min(this.#length, fadeMs * bytesPerMs))
    this.#empty()
    return fadeOut(next)
  }

  /** Milliseconds of sound that are still to be played. */
  left(now: number): number {
    this.advance(now)
    return this.#length / bytesPerMs
  }

  /** The next so many bytes, in one piece. */
  #next(count: number): Buffer {
    const first = this.#ring.subarray(this.#start, this.#start + count)
    return Buffer.concat([first, this.#ring.subarray(0, count - first.length)])
  }

  #grow(needed: number): void {
    const ring = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(needed)))
    this.#next(this.#length).copy(ring)
    this.#ring = ring
    this.#start = 0
  }

  #empty(): void {
    this.#start = 0
    this.#length = 0
    // A long reply took a lot of room once.
    if (this.#ring.length > usualRoom) this.#ring = Buffer.allocUnsafeSlow(usualRoom)
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
