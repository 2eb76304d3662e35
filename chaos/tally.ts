/** How often things have happened. */
export class Tally {
  readonly #counts = new Map<string, number>()

  add(what: string, times = 1): void {
    this.#counts.set(what, this.of(what) + times)
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0
  }

  /** Those that begin so, the beginning cut off. */
  under(beginning: string): [what: string, times: number][] {
    return [...this.#counts]
      .filter(([what]) => what.startsWith(beginning))
      .map(([what, times]) => [what.slice(beginning.length), times])
  }
}
