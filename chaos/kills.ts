import type { Random } from '../tests/support/random.ts'
import type { Program } from './program.ts'
import type { Shop } from './shop.ts'
import type { Tally } from './tally.ts'

/** Where a process can be killed: something has just happened. */
export const points = [
  'the agent asked for a function',
  'Twilio was asked to send',
  'Twilio took a text and has not answered',
  'Twilio answered',
  'staff or an integrator asked',
  'the database file was written',
  'any moment',
] as const

export type Point = (typeof points)[number]

/** Voice has no part in the others. */
const ofVoice: Point[] = ['the agent asked for a function', 'any moment']
const written = 'the database file was written'

interface Kill {
  victim: Program
  point: Point
  /** Which of the things that happen at that point in a round, from 1. */
  nth: number
  /** How long after it, in milliseconds; 0 is before anything else can happen. */
  after: number
  /** Upon which write of the database file after it, instead: between two writes is where something is half done. */
  writes: number
}

/** Who is killed in a round, and when. */
export class Kills {
  readonly #planned: Kill[]
  readonly #tally: Tally
  readonly #reached = new Map<Point, number>()
  readonly #timers = new Set<NodeJS.Timeout>()
  /** Those that wait for so many more writes. */
  #counting: { kill: Kill; left: number }[] = []
  /** What was done, in words. */
  readonly done: string[] = []

  constructor(random: Random, { api, voice, database }: Shop, tally: Tally) {
    this.#tally = tally
    // Writes of a server nobody here sees.
    const seesWrites = database.startsWith('sqlite:')
    const ofApi = points.filter(point => seesWrites || point !== written)
    // The api holds what can be lost; voice takes callers with it, and the dead place no orders.
    const first = random.chance(70) ? 0 : 1
    this.#planned = Array.from({ length: 1 + random.below(3) }, (_, index) => {
      const victim = (first + index) % 2 === 0 ? api : voice
      const point = random.pick(victim === api ? ofApi : ofVoice)
      return { victim, point, ...momentOf(point, random, seesWrites && victim === api) }
    })
  }

  /** Something has happened at that point. */
  reached(point: Point): void {
    if (point === written) this.#countDown()
    const nth = (this.#reached.get(point) ?? 0) + 1
    this.#reached.set(point, nth)
    for (const kill of this.#planned) {
      if (kill.point !== point || kill.nth !== nth) continue
      if (kill.writes > 0) this.#counting.push({ kill, left: kill.writes })
      else if (kill.after === 0) this.#kill(kill)
      else {
        const timer = setTimeout(() => {
          this.#timers.delete(timer)
          this.#kill(kill)
        }, kill.after)
        this.#timers.add(timer)
      }
    }
  }

  /** Nobody is killed any more. */
  disarm(): void {
    this.#planned.length = this.#counting.length = 0
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #countDown(): void {
    for (const each of this.#counting) {
      each.left -= 1
      if (each.left === 0) this.#kill(each.kill)
    }
    this.#counting = this.#counting.filter(({ left }) => left > 0)
  }

  #kill({ victim, point }: Kill): void {
    if (!victim.kill()) return
    this.#tally.add(`killed ${victim.name}: ${point}`)
    this.done.push(`${victim.name} when ${point}`)
  }
}

function momentOf(point: Point, random: Random, seesWrites: boolean): Pick<Kill, 'nth' | 'after' | 'writes'> {
  const writes = seesWrites && random.chance(60) ? 1 + random.below(4) : 0
  switch (point) {
    case 'the agent asked for a function':
      return { nth: 1 + random.below(25), after: random.below(10), writes }
    case 'staff or an integrator asked':
      return { nth: 1 + random.below(9), after: random.below(10), writes }
    case 'Twilio was asked to send':
    case 'Twilio took a text and has not answered':
      return { nth: 1 + random.below(6), after: 0, writes: 0 }
    case 'Twilio answered':
      return { nth: 1 + random.below(6), after: random.below(8), writes }
    case 'the database file was written':
      return { nth: 1 + random.below(250), after: random.below(3), writes: 0 }
    case 'any moment':
      return { nth: 1, after: 1 + random.below(2_000), writes: 0 }
  }
}
