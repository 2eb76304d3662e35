import { GraphQLError } from 'graphql'
import { EventType } from './event.entity.ts'
import type { LogEntry, LogOptions } from './log.ts'
import { patiently } from './patiently.ts'

const replayPage = 500

/**
 * The end of one shop's log, shared by all its listeners: each event is read from the database once, however many
 * listen. A listener is only a position in it, so ten thousand idle ones cost a commit nothing but one promise.
 */
export class Tail {
  readonly #read: (after: number, limit: number) => Promise<LogEntry[]>
  readonly #head: () => Promise<number>
  readonly #shop: string
  readonly #heartbeat: number
  readonly #poll: number
  readonly #buffer: number
  /** The newest events, oldest first, without holes up to `#seq`. */
  #recent: LogEntry[] = []
  #seq = 0
  #listeners = 0
  #beats = 0
  #open = true
  /** Whether `#recent` and `#seq` are kept up to date, for listeners. */
  #kept = false
  #started: Promise<void> | undefined
  #reading: Promise<void> | undefined
  #again = false
  /** Whether the log could not be read the last time. */
  #blind = false
  #timers: NodeJS.Timeout[] = []
  #changed = Promise.withResolvers<void>()

  constructor(
    shop: string,
    read: (after: number, limit: number) => Promise<LogEntry[]>,
    head: () => Promise<number>,
    { heartbeat = 5_000, poll = 1_000, buffer = 1_024 }: LogOptions,
  ) {
    this.#shop = shop
    this.#read = read
    this.#head = head
    this.#heartbeat = heartbeat
    this.#poll = poll
    this.#buffer = buffer
  }

  wake(): void {
    if (!this.#kept) return
    this.#again = true
    this.#reading ??= this.#catchUp().finally(() => (this.#reading = undefined))
  }

  close(): void {
    this.#open = false
    this.#stop()
    this.#tell()
  }

  async *listen(after?: number): AsyncGenerator<LogEntry, void> {
    this.#listeners += 1
    try {
      await (this.#started ??= this.#start())
      let at = after ?? this.#seq
      if (at > this.#seq) {
        // The snapshot may be newer than what this tail has read; a cursor the log never gave is a gap.
        if (at > (await patiently(this.#head))) {
          yield this.#gap()
          return
        }
        this.wake()
      }
      // Who has caught up is told so at once: until then it cannot know.
      let beats: number | undefined
      let live = false
      while (this.#open) {
        const oldest = this.#seq - this.#recent.length
        if (at >= oldest) {
          live = true
          for (const entry of this.#recent.slice(this.#recent.length - (this.#seq - at))) {
            yield entry
            at = entry.seq
          }
          if (at < this.#seq) continue
          if (beats !== this.#beats) {
            beats = this.#beats
            yield { seq: at, type: EventType.HEARTBEAT, order: null, data: null, at: new Date() }
            continue
          }
          await this.#changed.promise
        } else if (live) {
          throw new GraphQLError(
            'This stream could not keep up and was ended. Nothing is lost: subscribe again after your last cursor.',
            { extensions: { code: 'SUBSCRIPTION_LAGGED', cursor: String(at), shop: this.#shop } },
          )
        } else {
          const page = await patiently(() => this.#read(at, replayPage))
          if (page[0]?.seq !== at + 1) {
            yield this.#gap()
            return
          }
          for (const entry of page) {
            yield entry
            at = entry.seq
          }
        }
      }
    } finally {
      this.#listeners -= 1
      if (this.#listeners === 0) this.#stop()
    }
  }

  #gap(): LogEntry {
    return { seq: this.#seq, type: EventType.GAP, order: null, data: null, at: new Date() }
  }

  async #start(): Promise<void> {
    // What is still being read for listeners who have gone belongs to another beginning.
    await this.#reading
    this.#recent = []
    this.#seq = await patiently(this.#head)
    if (!this.#open) return
    this.#kept = true
    // Nobody was woken by what has happened since the head was read.
    this.wake()
    const poll = setInterval(() => this.wake(), this.#poll)
    const beat = setInterval(() => {
      // A beat says that nothing was missed, and who cannot read the log does not know that.
      if (this.#blind) return
      this.#beats += 1
      this.#tell()
    }, this.#heartbeat)
    this.#timers = [poll, beat]
    for (const timer of this.#timers) timer.unref()
  }

  #stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
    this.#kept = false
    this.#started = undefined
  }

  async #catchUp(): Promise<void> {
    while (this.#again && this.#kept) {
      this.#again = false
      try {
        const fresh = await this.#read(this.#seq, replayPage)
        this.#blind = false
        if (fresh.length === 0) continue
        this.#recent.push(...fresh)
        this.#seq = fresh.at(-1)!.seq
        if (this.#recent.length > this.#buffer) this.#recent = this.#recent.slice(-this.#buffer)
        this.#again ||= fresh.length === replayPage
        this.#tell()
      } catch {
        // The database is away for a moment: the poll asks again, and nothing was passed over.
        this.#blind = true
      }
    }
  }

  #tell(): void {
    const { resolve } = this.#changed
    this.#changed = Promise.withResolvers<void>()
    resolve()
  }
}
