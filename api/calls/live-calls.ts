import { setTimeout as wait } from 'node:timers/promises'
import type { MikroORM } from '@mikro-orm/sql'
import { patiently } from '../events/patiently.ts'
import { Call } from './call.entity.ts'

/** How often calls that other processes carry are looked at, and how often changes are told at most, in milliseconds. */
const lookEvery = 2_000
const tellEvery = 250
/** Most calls that are told of; a voice process takes fewer. */
const most = 100

export interface LiveCallsOptions {
  /** How often a stream says that it lives, in milliseconds. */
  heartbeat?: number | undefined
}

/**
 * Who is on the line, for those who watch. Unlike orders, calls stand in no log: a stream holds the picture itself, so
 * that nothing is lost when a wake-up is, and calls cost nothing more while nobody watches.
 */
export class LiveCalls {
  readonly #orm: MikroORM
  readonly #heartbeat: number
  /** Called when there may be something new; one of each watcher that waits. */
  readonly #waiting = new Set<() => void>()
  #open = true

  constructor(orm: MikroORM, { heartbeat = 5_000 }: LiveCallsOptions = {}) {
    this.#orm = orm
    this.#heartbeat = heartbeat
  }

  /** Something about a call has changed, and is committed. */
  wake(): void {
    for (const tell of this.#waiting) tell()
  }

  close(): void {
    this.#open = false
    this.wake()
  }

  /** The calls on the line of a shop, oldest first: at once, after each change, and when it is time for a sign of life. */
  async *listen(shop: string): AsyncGenerator<Call[], void> {
    let shown: string | undefined
    let toldAt = 0
    while (this.#open) {
      const changed = this.#change(Math.min(lookEvery, this.#heartbeat))
      const calls = await patiently(() => this.#read(shop))
      const picture = pictureOf(calls)
      if (picture !== shown || performance.now() - toldAt >= this.#heartbeat) {
        yield calls
        shown = picture
        toldAt = performance.now()
      }
      await wait(tellEvery, undefined, { ref: false })
      await changed
    }
  }

  /** The next change, or so many milliseconds later. */
  #change(longest: number): Promise<void> {
    return new Promise(resolve => {
      const tell = () => {
        clearTimeout(timer)
        this.#waiting.delete(tell)
        resolve()
      }
      const timer = setTimeout(tell, longest).unref()
      this.#waiting.add(tell)
    })
  }

  #read(shop: string): Promise<Call[]> {
    return this.#orm.em.fork().find(
      Call,
      { shop, endedAt: null },
      {
        orderBy: { startedAt: 'asc', id: 'asc' },
        limit: most,
        populate: ['shop', 'order', 'resumedBy', 'resumes'],
      },
    )
  }
}

/** All of some calls that anybody is shown, to tell whether it is still the same. */
const pictureOf = (calls: Call[]) =>
  JSON.stringify(
    calls.map(({ id, from, cart, pendingItem, phone, intent, transcript, order }) => [
      ...[id, from, cart, pendingItem, phone, intent],
      transcript.length,
      transcript.at(-1)?.text,
      order?.number,
    ]),
  )
