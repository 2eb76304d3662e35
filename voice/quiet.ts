/** How long nobody may say anything before the caller is asked, in milliseconds. */
const usualPatience = 20_000
/** How often they are asked before the call ends. */
const nudges = 2

/** Watches for a caller who says nothing any more. */
export class Quiet {
  readonly #patience: number
  #since: number
  #asked = 0

  /** @param now milliseconds, as in every method */
  constructor(now: number, patience = usualPatience) {
    this.#since = now
    this.#patience = patience
  }

  /** The caller did something: all is well. */
  callerActs(now: number): void {
    this.#since = now
    this.#asked = 0
  }

  /** The agent was heard until now: the caller has all the time from here. */
  agentHeard(now: number): void {
    this.#since = now
  }

  /** What to do now, if anything. */
  check(now: number): 'ask' | 'end' | undefined {
    if (now - this.#since < this.#patience) return undefined
    this.#since = now
    this.#asked += 1
    return this.#asked > nudges ? 'end' : 'ask'
  }
}
