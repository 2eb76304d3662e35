import type { MikroORM } from '@mikro-orm/sql'
import { ApiKey } from './api-key.entity.ts'

const minute = 60_000

/**
 * When API keys were last used. It is written at most once a minute for each key, beside the requests and never
 * within one: nobody waits for it, and one that is lost because the database is away is written by the next use.
 */
export class KeyUse {
  readonly #orm: MikroORM
  readonly #written = new Map<string, number>()
  readonly #writing = new Set<Promise<void>>()

  constructor(orm: MikroORM) {
    this.#orm = orm
  }

  /** A key is being used. */
  note(id: string): void {
    const now = Date.now()
    if (now - (this.#written.get(id) ?? 0) < minute) return
    this.#written.set(id, now)
    const writing = this.#write(id, new Date(now)).finally(() => this.#writing.delete(writing))
    this.#writing.add(writing)
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await Promise.all(this.#writing)
  }

  async #write(id: string, at: Date): Promise<void> {
    // Other processes on the same database have the same minute.
    const stale = { $or: [{ lastUsedAt: null }, { lastUsedAt: { $lt: new Date(at.getTime() - minute) } }] }
    try {
      await this.#orm.em.fork().nativeUpdate(ApiKey, { id, ...stale }, { lastUsedAt: at })
    } catch {
      this.#written.delete(id)
    }
  }
}
