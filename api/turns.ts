/** How long one turn of the event loop may be used up by database work, in milliseconds. */
const longest = 10

/**
 * Lets the event loop turn now and then. SQLite answers without ever waiting, so that many requests at once would be
 * answered all in one turn, in which no socket is read and no timer rings.
 */
export class Turns {
  #began = performance.now()
  #next: Promise<void> | undefined

  /** Waits for the next turn when this one has taken long enough. */
  async take(): Promise<void> {
    if (performance.now() - this.#began < longest) return
    this.#next ??= new Promise(resolve =>
      setImmediate(() => {
        this.#began = performance.now()
        this.#next = undefined
        resolve()
      }),
    )
    await this.#next
  }
}
