/** Counts what is open at the same time, by whoever opened it. */
export class Crowd {
  readonly #open = new Map<string, number>()

  /** One more of whom. → how to leave again; nothing when there are `most` already */
  enter(who: string, most: number): (() => void) | undefined {
    const count = this.#open.get(who) ?? 0
    if (count >= most) return undefined
    this.#open.set(who, count + 1)
    let inside = true
    return () => {
      if (!inside) return
      inside = false
      const left = this.#open.get(who)! - 1
      if (left > 0) this.#open.set(who, left)
      else this.#open.delete(who)
    }
  }
}
