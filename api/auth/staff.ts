import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { EntityManager, MikroORM } from '@mikro-orm/sql'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { sha256 } from './keys.ts'
import { staffScopes } from './scopes.ts'
import { StaffSession } from './staff-session.entity.ts'
import { anyone, type Viewer } from './viewer.ts'

export const sessionCookie = 'boba_session'
const sessionLength = 12 * 60 * 60_000

/** Signing in at the console: the PIN, how often it may be tried, and the sessions it opens. */
export class Staff {
  readonly #orm: MikroORM
  readonly #pin: string
  // Five tries a minute from one address; fifty a quarter of an hour from everywhere, against many addresses at once.
  readonly #byAddress = new RateLimiterMemory({ points: 5, duration: 60, blockDuration: 60 })
  readonly #overall = new RateLimiterMemory({ points: 50, duration: 900 })

  constructor(orm: MikroORM, pin: string) {
    this.#orm = orm
    this.#pin = pin
  }

  /** → the new session's token, or how many seconds to wait after too many wrong PINs, or 0 after a wrong one */
  async signIn(
    pin: string,
    address: string,
  ): Promise<{ token: string; expires: Date } | { retryAfter: number }> {
    try {
      await this.#overall.get('all').then(used => {
        if (used && used.remainingPoints <= 0) throw used
      })
      await this.#byAddress.consume(address)
    } catch (limit) {
      if (!(limit instanceof RateLimiterRes)) throw limit
      return { retryAfter: Math.ceil(limit.msBeforeNext / 1_000) }
    }
    if (!equal(pin, this.#pin)) {
      await this.#overall.penalty('all')
      return { retryAfter: 0 }
    }
    await this.#byAddress.delete(address)
    const token = randomBytes(32).toString('base64url')
    const expires = new Date(Date.now() + sessionLength)
    const em = this.#orm.em.fork()
    await em.nativeDelete(StaffSession, { expiresAt: { $lt: new Date() } })
    await em.insert(StaffSession, { hash: sha256(token), createdAt: new Date(), expiresAt: expires })
    return { token, expires }
  }

  async signOut(viewer: Viewer): Promise<void> {
    if (viewer.kind === 'STAFF') await this.#orm.em.fork().nativeDelete(StaffSession, { hash: viewer.id! })
  }
}

/** Who holds the session's token; anyone when it is unknown or over. */
export async function viewerOfSession(em: EntityManager, token: string): Promise<Viewer> {
  const session = await em.findOne(StaffSession, { hash: sha256(token), expiresAt: { $gt: new Date() } })
  if (!session) return anyone
  const { hash } = session
  return { kind: 'STAFF', id: hash, proof: hash, name: 'Staff', scopes: new Set(staffScopes) }
}

/** Compares without telling by its time how much was right. */
function equal(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
