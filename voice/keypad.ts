/** How long after a key the number counts as complete, in milliseconds. */
const pause = 3_000

/** Keys a caller presses, put together to a number: the pound key or a pause ends it. */
export class Keypad {
  readonly #entered: (digits: string) => void
  #digits = ''
  #timer: NodeJS.Timeout | undefined

  /** @param entered called with each number, digits only */
  constructor(entered: (digits: string) => void) {
    this.#entered = entered
  }

  /** @param key 0–9, * to start again, # to end */
  press(key: string): void {
    clearTimeout(this.#timer)
    if (key === '#') return this.#end()
    this.#digits = key === '*' ? '' : (this.#digits + key).slice(0, 20)
    this.#timer = setTimeout(() => this.#end(), pause)
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  #end(): void {
    const digits = this.#digits
    this.#digits = ''
    if (digits) this.#entered(digits)
  }
}
