import { setTimeout as wait } from 'node:timers/promises'
import { HeaderMap } from '@apollo/server'
import { GraphQLError } from 'graphql'
import type { Viewer } from '../auth/viewer.ts'
import { type Allowance, Bucket } from './bucket.ts'
import { limits, requestCost } from './limits.ts'

/** Who spends: whoever proved who they are by that, anyone else by their address. */
export interface Client {
  viewer: Viewer
  address: string
}

/** What an answer says of the points it has cost. */
export interface Spent extends Allowance {
  requested: number
  available: number
}

/**
 * What may be spent. The voice process of a hundred calls spends some ten thousand points a second, and a console that
 * is opened some thousands at once; theirs only end what has run wild.
 */
const allowances = {
  anyone: { limit: 10_000, restoreRate: 200 },
  apiKey: { limit: 20_000, restoreRate: 500 },
  staff: { limit: 100_000, restoreRate: 5_000 },
  voice: { limit: 2_000_000, restoreRate: 200_000 },
} satisfies Record<string, Allowance>

function allowanceOf({ kind, scopes }: Viewer): Allowance {
  if (kind === 'ANYONE') return allowances.anyone
  if (kind === 'STAFF') return allowances.staff
  return scopes.has('calls:write') ? allowances.voice : allowances.apiKey
}

/** A full bucket is one that was never there, so from so many on they are looked through. */
const manyBuckets = 1_000

/** What every client has left and has open, on all roads together. Each process of the api keeps its own. */
export class RateLimits {
  /** How many sockets may be open at once, from one address, and of one API key or session. */
  readonly socketsPerAddress: number
  readonly socketsPerViewer: number
  readonly #factor: number
  readonly #buckets = new Map<string, Bucket>()
  #sweepAt = manyBuckets

  /** @param factor by which everything that one client may spend or open is multiplied */
  constructor(factor: number) {
    this.#factor = factor
    this.socketsPerAddress = Math.ceil(limits.socketsPerAddress * factor)
    this.socketsPerViewer = Math.ceil(limits.socketsPerViewer * factor)
  }

  /**
   * Takes what a request costs before it is read.
   * @param query its document, if it has one
   * @throws GraphQLError RATE_LIMITED
   */
  enter(client: Client, query?: unknown): Spent {
    return this.spend(client, requestCost(query))
  }

  /** Takes points as soon as they are there. */
  async pay(client: Client, points: number): Promise<void> {
    for (;;) {
      const now = performance.now()
      const bucket = this.#bucketOf(client)
      if (bucket.take(Math.min(points, bucket.limit), now)) return
      await wait(Math.ceil(bucket.wait(points, now) * 1_000), undefined, { ref: false })
    }
  }

  /**
   * Takes what an operation costs.
   * @param before what it has cost so far
   * @throws GraphQLError RATE_LIMITED when it is not there; then nothing more is taken
   */
  spend(client: Client, points: number, before?: Spent): Spent {
    const now = performance.now()
    const bucket = this.#bucketOf(client)
    const taken = bucket.take(points, now)
    const requested = points + (before?.requested ?? 0)
    const spent = { requested, ...stateOf(bucket, now) }
    if (taken) return spent
    const retryAfter = Math.max(1, Math.ceil(bucket.wait(points, now)))
    throw new GraphQLError(
      `This costs ${requested} points and ${spent.available} are left; ${spent.restoreRate} come back each second. Nothing was done: try again in ${retryAfter} seconds.`,
      {
        extensions: {
          code: 'RATE_LIMITED',
          retryAfter,
          cost: spent,
          http: {
            status: 429,
            headers: new HeaderMap([...headersOf(spent), ['retry-after', String(retryAfter)]]),
          },
        },
      },
    )
  }

  #bucketOf({ viewer, address }: Client): Bucket {
    const key = viewer.id ?? address
    const known = this.#buckets.get(key)
    if (known) return known
    const now = performance.now()
    if (this.#buckets.size >= this.#sweepAt) this.#sweep(now)
    const { limit, restoreRate } = allowanceOf(viewer)
    const bucket = new Bucket(
      {
        // The costliest document that is allowed at all must fit in.
        limit: Math.max(limits.cost, Math.round(limit * this.#factor)),
        restoreRate: Math.max(1, Math.round(restoreRate * this.#factor)),
      },
      now,
    )
    this.#buckets.set(key, bucket)
    return bucket
  }

  #sweep(now: number): void {
    for (const [key, bucket] of this.#buckets) {
      if (bucket.available(now) === bucket.limit) this.#buckets.delete(key)
    }
    this.#sweepAt = Math.max(manyBuckets, this.#buckets.size * 2)
  }
}

const stateOf = (bucket: Bucket, now: number): Omit<Spent, 'requested'> => ({
  available: Math.floor(bucket.available(now)),
  limit: bucket.limit,
  restoreRate: bucket.restoreRate,
})

/**
 * The three headers that most clients know, in whole points and seconds. The later drafts put the same into two
 * structured ones, which change from draft to draft and which `curl` cannot show to people.
 */
export function headersOf({ limit, available, restoreRate }: Omit<Spent, 'requested'>): [string, string][] {
  return [
    ['ratelimit-limit', String(limit)],
    ['ratelimit-remaining', String(available)],
    ['ratelimit-reset', String(Math.ceil((limit - available) / restoreRate))],
  ]
}
