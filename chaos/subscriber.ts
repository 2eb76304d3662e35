import { setTimeout as delay } from 'node:timers/promises'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { Inbox } from '../tests/support/inbox.ts'
import { Broken, within } from './broken.ts'

/** Between two tries to reach the api, in milliseconds. */
const pause = 50
/** Longest time until it has heard of what stands in the log, in milliseconds. */
const longest = 20_000

export interface Heard {
  type: string
  cursor: string
  order: { id?: string; number: string; status: string } | null
}

/** Listens to the log for ever: whenever its stream ends it goes on from its cursor, as a screen does. */
export class Subscriber {
  readonly #field: string
  readonly #client
  #socket: WebSocket | undefined
  readonly #progress = new Inbox<number>()
  /** What it has heard since it was last asked, in order. */
  #heard: Heard[] = []
  #last = 0
  #fault: string | undefined
  #open = true
  readonly #ended: Promise<void>
  /** How often it has connected. */
  connections = 0

  /** @param order the fields of an order it asks for */
  constructor(field: 'orderEvents' | 'boardEvents', url: string, key: string, order: string) {
    this.#field = field
    this.#client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${key}` },
      retryAttempts: 0,
      on: {
        connected: socket => {
          this.#socket = socket as WebSocket
          this.connections += 1
        },
      },
    })
    this.#ended = this.#listen(
      `subscription ($after: String) { event: ${field}(after: $after) { type cursor order { ${order} } } }`,
    )
  }

  /** Its network breaks. */
  drop(): void {
    this.#socket?.terminate()
  }

  /**
   * Waits until it has heard of everything up to there.
   * @returns what it has heard since this was last asked
   * @throws Broken when something was left out, came twice, or does not come
   */
  async upTo(seq: number): Promise<Heard[]> {
    if (this.#last < seq && !this.#fault) {
      await within(
        longest,
        `event ${seq} of ${this.#field}`,
        this.#progress.next(at => at >= seq),
      )
    }
    if (this.#fault) throw new Broken(this.#fault)
    if (this.#last > seq)
      throw new Broken(`${this.#field} told of event ${this.#last}, the log ends with ${seq}`)
    const heard = this.#heard
    this.#heard = []
    return heard
  }

  async close(): Promise<void> {
    this.#open = false
    await this.#client.dispose()
    await this.#ended
  }

  async #listen(query: string): Promise<void> {
    while (this.#open) {
      try {
        const stream = this.#client.iterate<{ event: Heard }>({
          query,
          variables: { after: String(this.#last) },
        })
        for await (const { data, errors } of stream) {
          if (errors) throw new Error(JSON.stringify(errors))
          this.#take(data!.event)
        }
      } catch {
        // The api is away, or the network was.
      }
      await delay(pause)
    }
  }

  #take(event: Heard): void {
    const seq = Number(event.cursor)
    const expected = event.type === 'HEARTBEAT' ? this.#last : this.#last + 1
    if (seq !== expected || event.type === 'GAP') {
      this.#fault ??= `${this.#field} told of ${event.type} ${seq} after ${this.#last}`
    }
    if (event.type === 'HEARTBEAT') return
    this.#last = seq
    this.#heard.push(event)
    this.#progress.push(seq)
  }
}
