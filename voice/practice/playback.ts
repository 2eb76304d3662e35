/** What Twilio buffers for a caller: sound and marks in the order they came. */
export class Playback {
  #queue: (Buffer | string)[] = []
  #bytes = 0

  /** Whether there is sound left to be played. */
  get sounding(): boolean {
    return this.#bytes > 0
  }

  /** Bytes of sound that wait. */
  get length(): number {
    return this.#bytes
  }

  /** @param audio μ-law 8 kHz */
  add(audio: Buffer): void {
    this.#queue.push(audio)
    this.#bytes += audio.length
  }

  /** @returns the marks that are reached now: this one, when no sound waits before it */
  mark(name: string): string[] {
    this.#queue.push(name)
    return this.#reached()
  }

  /** Drops the sound. @returns every mark that waited */
  clear(): string[] {
    const marks = this.#queue.filter(item => typeof item === 'string')
    this.#queue = []
    this.#bytes = 0
    return marks
  }

  /** Plays up to so many bytes. @returns them, and the marks that are reached */
  play(most: number): { audio: Buffer; marks: string[] } {
    const parts: Buffer[] = []
    const marks = this.#reached()
    for (let left = most; left > 0 && this.#queue.length > 0;) {
      const next = this.#queue[0] as Buffer
      const part = next.subarray(0, left)
      parts.push(part)
      left -= part.length
      this.#bytes -= part.length
      if (part.length === next.length) this.#queue.shift()
      else this.#queue[0] = next.subarray(part.length)
      marks.push(...this.#reached())
    }
    return { audio: Buffer.concat(parts), marks }
  }

  /** Takes the marks at the head of the queue: all sound before them has been played. */
  #reached(): string[] {
    const next = this.#queue.findIndex(item => typeof item !== 'string')
    return this.#queue.splice(0, next < 0 ? this.#queue.length : next) as string[]
  }
}
