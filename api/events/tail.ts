import { GraphQLError } from 'graphql'
import { EventType } from './event.entity.ts'
import type { LogEntry, LogOptions } from './log.ts'
import { patiently } from './patiently.ts'

const replayPage = 500

/**
 * So many groups of listeners are told one after the other that their streams live, at least so many milliseconds apart:
 * ten thousand boards that were all told at once would keep an order waiting.
 */
const mostGroups = 50
const betweenGroups = 100

/** Listeners that are told of a beat at once. */
interface Group {
  listeners: number
  beats: number
  /** The last one. */
  beat: LogEntry | undefined
  changed: PromiseWithResolvers<void>
}

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
  readonly #groups: Group[]
  /** Which group was told of a beat last. */
  #turn = 0
  #open = true
  /** Whether `#recent` and `#seq` are kept up to date, for listeners. */
  #kept = false
  #started: Promise<void> | undefined
  #reading: Promise<void> | undefined
  #again = false
  /** Whether the log could not be read the last time. */
  #blind = false
  #poller: NodeJS.Timeout | undefined
  #beater: NodeJS.Timeout | undefined

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
    const groups = Math.min(mostGroups, Math.max(1, Math.floor(heartbeat / betweenGroups)))
    this.#groups = Array.from({ length: groups }, () => ({
      listeners: 0,
      beats: 0,
      beat: undefined,
      changed: Promise.withResolvers(),
    }))
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
    const group = this.#groups.reduce((least, each) => (each.listeners < least.listeners ? each : least))
    group.listeners += 1
    try {
      await (this.#started ??= this.#start())
      let at = after ?? this.#seq
      if (at > this.#seq) {
        // The snapshot may be newer than what this tail has read; a cursor the log never gave is a gap.
        if (at > (await patiently(this.#head))) {
          yield this.#made(EventType.GAP, this.#seq)
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
          if (beats !== group.beats) {
            const together = beats !== undefined && group.beat?.seq === at && isNow(group.beat)
            beats = group.beats
            yield together ? group.beat! : this.#made(EventType.HEARTBEAT, at)
            continue
          }
          await group.changed.promise
        } else if (live) {
          throw new GraphQLError(
            'This stream could not keep up and was ended. Nothing is lost: subscribe again after your last cursor.',
            { extensions: { code: 'SUBSCRIPTION_LAGGED', cursor: String(at), shop: this.#shop } },
          )
        } else {
          const page = await patiently(() => this.#read(at, replayPage))
          if (page[0]?.seq !== at + 1) {
            yield this.#made(EventType.GAP, this.#seq)
            return
          }
          for (const entry of page) {
            yield entry
            at = entry.seq
          }
        }
      }
    } finally {
      group.listeners -= 1
      if (this.#groups.every(({ listeners }) => listeners === 0)) this.#stop()
    }
  }

  #made(type: EventType, seq: number): LogEntry {
    return { seq, type, order: null, data: null, at: new Date() }
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
    this.#poller = poll.unref()
    this.#keepBeating()
  }

  #stop(): void {
    clearInterval(this.#poller)
    clearTimeout(this.#beater)
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

  /** Tells one group after the other. A timer that rings late does not make the next one late. */
  #keepBeating(): void {
    const every = this.#heartbeat / this.#groups.length
    let due = performance.now() + every
    const ring = () => {
      this.#beat()
      // What a process that stood still for longer has missed is over.
      due = Math.max(due + every, performance.now() - this.#heartbeat)
      this.#beater = setTimeout(ring, Math.max(0, due - performance.now())).unref()
    }
    this.#beater = setTimeout(ring, every).unref()
  }

  /** Tells the next group that its streams live. */
  #beat(): void {
    this.#turn = (this.#turn + 1) % this.#groups.length
    const group = this.#groups[this.#turn]!
    // A beat says that nothing was missed, and who cannot read the log does not know that.
    if (this.#blind || group.listeners === 0) return
    group.beats += 1
    group.beat = this.#made(EventType.HEARTBEAT, this.#seq)
    tell(group)
  }

  #tell(): void {
    for (const group of this.#groups) tell(group)
  }
}

function tell(group: Group): void {
  const { resolve } = group.changed
  group.changed = Promise.withResolvers()
  resolve()
}

/** Whether a beat is as good as one that would be made now: who was kept waiting would be told an old time by it. */
const isNow = ({ at }: LogEntry) => Date.now() - at.getTime() < betweenGroups
