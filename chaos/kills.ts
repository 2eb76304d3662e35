import type { Random } from '../tests/support/random.ts'
import type { Program } from './program.ts'
import type { Tally } from './tally.ts'

/** Where a process can be killed: something has just happened. */
export const points = [
  'the agent asked for a function',
  'Twilio was asked to send',
  'Twilio took a text and has not answered',
  'Twilio answered',
  'staff or an integrator asked',
  'any moment',
] as const

export type Point = (typeof points)[number]

/** Voice has no part in the others. */
const pointsOfVoice = [points[0], points[5]] as const

interface Kill {
  victim: Program
  point: Point
  /** Which of the things that happen at that point in a round, from 1. */
  nth: number
  /** How long after it, in milliseconds; 0 is before anything else can happen. */
  after: number
}

/** Who is killed in a round, and when. */
export class Kills {
  readonly #planned: Kill[]
  readonly #tally: Tally
  readonly #reached = new Map<Point, number>()
  readonly #timers = new Set<NodeJS.Timeout>()
  /** What was done, in words. */
  readonly done: string[] = []

  constructor(random: Random, api: Program, voice: Program, tally: Tally) {
    this.#tally = tally
    // The api holds what can be lost; voice takes callers with it, and the dead place no orders.
    const first = random.chance(70) ? 0 : 1
    this.#planned = Array.from({ length: 1 + random.below(3) }, (_, index) => {
      const victim = (first + index) % 2 === 0 ? api : voice
      const point = random.pick(victim === api ? points : pointsOfVoice)
      return { victim, point, ...momentOf(point, random) }
    })
  }

  /** Something has happened at that point. */
  reached(point: Point): void {
    const nth = (this.#reached.get(point) ?? 0) + 1
    this.#reached.set(point, nth)
    for (const kill of this.#planned) {
      if (kill.point !== point || kill.nth !== nth) continue
      if (kill.after === 0) this.#kill(kill)
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
    this.#planned.length = 0
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #kill({ victim, point }: Kill): void {
    if (!victim.kill()) return
    this.#tally.add(`killed ${victim.name}: ${point}`)
    this.done.push(`${victim.name} when ${point}`)
  }
}

function momentOf(point: Point, random: Random): Pick<Kill, 'nth' | 'after'> {
  switch (point) {
    case 'the agent asked for a function':
      return { nth: 1 + random.below(25), after: random.below(20) }
    case 'Twilio was asked to send':
    case 'Twilio took a text and has not answered':
      return { nth: 1 + random.below(6), after: 0 }
    case 'Twilio answered':
      return { nth: 1 + random.below(6), after: random.below(8) }
    case 'staff or an integrator asked':
      return { nth: 1 + random.below(9), after: random.below(15) }
    case 'any moment':
      return { nth: 1, after: 1 + random.below(2_000) }
  }
}
