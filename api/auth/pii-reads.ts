import type { EntityManager } from '@mikro-orm/sql'
import { newId } from '../ids.ts'
import { voiceKeyId } from './keys.ts'
import { PiiRead } from './pii-read.entity.ts'
import type { Viewer } from './viewer.ts'

/** Ids that one row names. */
const named = 100

/** Of what a value was read, by the type whose field it is. */
const subjects: Record<string, (source: Record<string, unknown>) => { order?: unknown; call?: unknown }> = {
  Order: ({ id }) => ({ order: id }),
  Call: ({ id }) => ({ call: id }),
  FunctionCall: ({ call }) => ({ call }),
  Said: ({ call }) => ({ call }),
}

/**
 * What one operation reads of phone numbers, names and words, when an API key asks. The row is written before the
 * answer leaves: what cannot be written down is not told. The voice process itself is left out: what it reads are the
 * words of the callers it is carrying.
 */
export class PiiReads {
  readonly #em: EntityManager
  readonly #key: string | null
  #fields = new Set<string>()
  #orders = new Set<string>()
  #calls = new Set<string>()
  #count = 0

  constructor(em: EntityManager, { kind, id }: Viewer) {
    this.#em = em
    this.#key = kind === 'API_KEY' && id !== voiceKeyId ? id : null
  }

  /** A field of a type was read, of this row. */
  note(type: string, field: string, source: unknown): void {
    if (this.#key === null) return
    this.#count += 1
    this.#fields.add(`${type}.${field}`)
    const { order, call } = subjects[type]?.(source as Record<string, unknown>) ?? {}
    if (typeof order === 'string' && this.#orders.size < named) this.#orders.add(order)
    if (typeof call === 'string' && this.#calls.size < named) this.#calls.add(call)
  }

  /** Writes down what was read since the last time. */
  async write(): Promise<void> {
    if (this.#key === null || this.#count === 0) return
    const row = {
      id: newId('read'),
      at: new Date(),
      apiKey: this.#key,
      fields: [...this.#fields].toSorted(),
      orders: [...this.#orders],
      calls: [...this.#calls],
      count: this.#count,
    }
    this.#fields = new Set()
    this.#orders = new Set()
    this.#calls = new Set()
    this.#count = 0
    await this.#em.fork().insert(PiiRead, row)
  }
}
