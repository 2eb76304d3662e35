import type { EntityManager } from '@mikro-orm/sql'
import type { Staff } from './auth/staff.ts'
import type { Viewer } from './auth/viewer.ts'
import type { EventLog } from './events/log.ts'
import type { LiveCalls } from './calls/live-calls.ts'
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
  /** The calls on the line. */
  liveCalls: LiveCalls
  /** Where webhooks may post to, and how they are signed. */
  webhooks: WebhookRules
  /** How long the ready text of an order is held back, so that Done can be taken back, in milliseconds. */
  readyHold: number
  /** The client's address, for limits; never logged. */
  address: string
  /** Cursor at which a stream goes on that was cut off; wins over its `after`. */
  resumeAfter?: string | null
  /** Sets the console's cookie, or clears it. */
  setSession: (token: string | null, expires?: Date) => void
}
