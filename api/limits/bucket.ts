/** How much a client may spend at once, and how fast that comes back. */
export interface Allowance {
  /** Points of a full bucket. */
  limit: number
  /** Points that come back in a second. */
  restoreRate: number
}

/**
 * Points that are taken out at once and come back at a steady rate. (`rate-limiter-flexible` counts within windows of
 * time instead: around the end of one it lets twice as much through, and it could not tell a client when to go on.)
 */
export class Bucket implements Allowance {
  readonly limit: number
  readonly restoreRate: number
  #points: number
  #at: number

  constructor({ limit, restoreRate }: Allowance, now: number) {
    this.limit = limit
    this.restoreRate = restoreRate
    this.#points = limit
    this.#at = now
  }

  /** Takes points out, all or none. `now` and every other moment is in milliseconds, by a clock that never goes back. */
  take(points: number, now: number): boolean {
    const available = this.available(now)
    if (points > available) return false
    this.#points = available - points
    this.#at = now
    return true
  }

  available(now: number): number {
    return Math.min(this.limit, this.#points + ((now - this.#at) * this.restoreRate) / 1_000)
  }

  /** Seconds until so many points are there. */
  wait(points: number, now: number): number {
    return Math.max(0, (points - this.available(now)) / this.restoreRate)
  }
}
