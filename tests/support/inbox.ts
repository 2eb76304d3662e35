/** Things that arrive one after another, and somebody who waits for a certain one. */
export class Inbox<T> {
  readonly #waiting: {
    matches: (item: T) => boolean
    resolve: (item: T) => void
    reject: (error: Error) => void
  }[] = []
  #items: T[] = []
  #closed: Error | undefined

  push(item: T): void {
    const index = this.#waiting.findIndex(({ matches }) => matches(item))
    if (index === -1) this.#items.push(item)
    else this.#waiting.splice(index, 1)[0]!.resolve(item)
  }

  /** The first one that matches and was not taken yet, now or when it comes. */
  next(matches: (item: T) => boolean = () => true): Promise<T> {
    const index = this.#items.findIndex(matches)
    if (index !== -1) return Promise.resolve(this.#items.splice(index, 1)[0]!)
    if (this.#closed) return Promise.reject(this.#closed)
    return new Promise((resolve, reject) => this.#waiting.push({ matches, resolve, reject }))
  }

  /** What came and was not taken. */
  get rest(): readonly T[] {
    return this.#items
  }

  /** Nothing comes any more: whoever still waits is told. */
  close(why: string): void {
    this.#closed = new Error(why)
    for (const { reject } of this.#waiting.splice(0)) reject(this.#closed)
  }
}
