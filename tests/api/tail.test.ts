import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { EventType } from '../../api/events/event.entity.ts'
import type { LogEntry } from '../../api/events/log.ts'
import { Tail } from '../../api/events/tail.ts'

/** A log whose answers leave when the test says so, each as the log was when it was asked. */
class Log {
  #seq = 0
  readonly #held: (() => void)[] = []
  /** Answers wait to be let go from now on. */
  holding = false

  append = (): number => (this.#seq += 1)
  readonly head = () => this.#answer(() => this.#seq)
  readonly read = (after: number, limit: number) =>
    this.#answer(() =>
      Array.from({ length: Math.min(limit, this.#seq - after) }, (_, nth) => entry(after + nth + 1)),
    )

  async #answer<T>(now: () => T): Promise<T> {
    const asked = now()
    if (this.holding) await new Promise<void>(resolve => this.#held.push(resolve))
    return asked
  }

  /** How many answers wait. */
  get waiting(): number {
    return this.#held.length
  }

  /** Lets the oldest answer go that waits. */
  release(): void {
    this.#held.shift()!()
  }
}

const entry = (seq: number): LogEntry => ({
  seq,
  type: EventType.ORDER_UPDATED,
  order: null,
  data: null,
  at: new Date(),
})

/** A tail that looks at its log only when it is woken. */
const tailOf = (log: Log) => new Tail('shop', log.read, log.head, { heartbeat: 3_600_000, poll: 3_600_000 })

/** Positions of the next events, as far as wanted, without the beat of a stream that has caught up. */
async function next(stream: AsyncGenerator<LogEntry, void>, count: number): Promise<number[]> {
  const seen: number[] = []
  while (seen.length < count) {
    const { value, done } = await stream.next()
    if (done) break
    if (value.type === EventType.ORDER_UPDATED) seen.push(value.seq)
  }
  return seen
}

test('what is committed while the first listener comes is told once', async () => {
  const log = new Log()
  const tail = tailOf(log)
  log.append()
  log.append()
  log.holding = true
  const stream = tail.listen(1)
  const coming = next(stream, 3)
  await expect.poll(() => log.waiting).toBe(1)
  // Right after its head was read, and nobody has told the listener yet.
  log.append()
  log.holding = false
  tail.wake()
  await turn()
  log.release()
  await turn()
  log.append()
  tail.wake()
  expect(await coming).toEqual([2, 3, 4])
  tail.close()
})

test('what is still being read when the last listener goes is not mixed up with what the next one hears', async () => {
  const log = new Log()
  const tail = tailOf(log)
  const first = tail.listen(0)
  expect((await first.next()).value).toMatchObject({ type: EventType.HEARTBEAT, seq: 0 })
  log.holding = true
  log.append()
  tail.wake()
  await expect.poll(() => log.waiting).toBe(1)
  await first.return()

  log.append()
  const second = tail.listen(0)
  const coming = next(second, 3)
  log.holding = false
  log.release()
  expect(await next(tail.listen(1), 1)).toEqual([2])
  log.append()
  tail.wake()
  expect(await coming).toEqual([1, 2, 3])
  tail.close()
})

test('a cursor that is ahead of the tail is no gap because the log could not be read once', async () => {
  const log = new Log()
  let fails = 0
  const read: Log['read'] = (after, limit) =>
    fails-- > 0 ? Promise.reject(new Error('locked')) : log.read(after, limit)
  const tail = new Tail('shop', read, log.head, { heartbeat: 3_600_000, poll: 5 })
  const first = tail.listen(0)
  await first.next()
  log.append()
  fails = 2
  const second = tail.listen(1)
  const coming = next(second, 1)
  log.append()
  tail.wake()
  expect(await coming).toEqual([2])
  expect((await tail.listen(3).next()).value).toMatchObject({ type: EventType.GAP })
  tail.close()
})

test('a listener that comes when the tail is closed hears no more', async () => {
  const log = new Log()
  const tail = tailOf(log)
  log.holding = true
  const stream = tail.listen()
  const coming = next(stream, 1)
  await expect.poll(() => log.waiting).toBe(1)
  tail.close()
  log.release()
  expect(await coming).toEqual([])
})

test('every listener is told that its stream lives, and all of them never at the same moment', async () => {
  const log = new Log()
  // Two groups.
  const tail = new Tail('shop', log.read, log.head, { heartbeat: 200, poll: 3_600_000 })
  const streams = [1, 2, 3, 4].map(() => tail.listen())
  const beats = await Promise.all(
    streams.map(async stream => {
      const told: LogEntry[] = []
      while (told.length < 3) told.push((await stream.next()).value!)
      return told
    }),
  )
  expect(beats.flat().map(({ type }) => type)).toEqual(
    Array.from({ length: 4 * 3 }, () => EventType.HEARTBEAT),
  )
  // Those of a group hear the same words, so that these are put together once.
  const groups = new Set(beats.map(([, ...later]) => later[0]))
  expect(groups.size).toBe(2)
  log.append()
  tail.wake()
  expect(await Promise.all(streams.map(stream => next(stream, 1)))).toEqual([[1], [1], [1], [1]])
  tail.close()
})
