import type { Random } from './random.ts'

/** So many of each kind are remembered. */
const remembered = 50

/** What a client picks up from answers and uses again, where it belongs and where it does not. */
export class Found {
  /** Ids by what they begin with, e.g. "ord"; "cursor" and "number" hold those. */
  readonly #kinds = new Map<string, string[]>()
  /** What shall not be used. */
  readonly #spared: string[]

  constructor(spared: string[]) {
    this.#spared = spared
  }

  learn(value: unknown, name = ''): void {
    if (Array.isArray(value)) for (const each of value.slice(0, 20)) this.learn(each, name)
    else if (typeof value === 'object' && value !== null) {
      for (const [key, each] of Object.entries(value)) this.learn(each, key)
    } else if (typeof value === 'string') {
      const [, kind] = /^([a-z]+)_\w{20,}$/.exec(value) ?? [undefined, /(cursor|number)$/i.exec(name)?.[0]]
      if (kind) this.#keep(kind.toLowerCase(), value)
    }
  }

  #keep(kind: string, value: string): void {
    const kept = this.#kinds.get(kind) ?? []
    this.#kinds.set(kind, kept)
    if (kept.includes(value) || this.#spared.includes(value)) return
    kept.push(value)
    if (kept.length > remembered) kept.shift()
  }

  /** One of a kind, of any kind if omitted. */
  one(random: Random, kind?: string): string {
    const kinds = [...this.#kinds.values()].filter(kept => kept.length > 0)
    const kept = (kind && this.#kinds.get(kind)) || (kinds.length > 0 ? random.pick(kinds) : [])
    return kept.length > 0 ? random.pick(kept) : 'nothing'
  }
}
