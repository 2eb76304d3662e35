import type { EntityManager } from '@mikro-orm/sql'
import type { PiiReads } from './auth/pii-reads.ts'
import type { Staff } from './auth/staff.ts'
import type { Viewer } from './auth/viewer.ts'
import type { EventLog } from './events/log.ts'
import type { LiveEvents } from './events/live-events.ts'
import type { LiveCalls } from './calls/live-calls.ts'
import type { Spent } from './limits/rate-limits.ts'
import type { PracticeLine } from './calls/practice-line.ts'
import type { Loaders } from './loaders.ts'
import type { Waits } from './orders/waits.ts'
import type { WebhookRules } from './webhooks/manage-webhooks.ts'

/** What every resolver is given. */
export interface Context {
  /** This operation's own view of the database. */
  em: EntityManager
  viewer: Viewer
  loaders: Loaders
  log: EventLog
  staff: Staff
  /** What guests who order now may expect. */
  waits: Waits
  /** What is told of events. */
  liveEvents: LiveEvents
  /** The calls on the line. */
  liveCalls: LiveCalls
  /** Plays calls; null where real ones are taken. */
  practiceLine: PracticeLine | null
  /** Where webhooks may post to, and how they are signed. */
  webhooks: WebhookRules
  /** How long the ready text of an order is held back, so that Done can be taken back, in milliseconds. */
  readyHold: number
  /** The client's address, for limits; never logged. */
  address: string
  /** What the operation has cost so far, and what is left. */
  spent: Spent
  /** Takes points as soon as they are there, for what an operation goes on to cost. */
  pay: (points: number) => Promise<void>
  /** What the operation has told of what is personal. */
  piiReads: PiiReads
  /** Aborted when the operation has run out of time. */
  signal: AbortSignal
  /** Cursor at which a stream goes on that was cut off; wins over its `after`. */
  resumeAfter?: string | null
  /** Sets the console's cookie, or clears it. */
  setSession: (token: string | null, expires?: Date) => void
}
