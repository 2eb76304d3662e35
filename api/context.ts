import type { EntityManager } from '@mikro-orm/sql'
import type { Staff } from './auth/staff.ts'
import type { Viewer } from './auth/viewer.ts'
import type { EventLog } from './events/log.ts'
import type { Loaders } from './loaders.ts'

/** What every resolver is given. */
export interface Context {
  /** This operation's own view of the database. */
  em: EntityManager
  viewer: Viewer
  loaders: Loaders
  log: EventLog
  staff: Staff
  /** The client's address, for limits; never logged. */
  address: string
  /** Sets the console's cookie, or clears it. */
  setSession: (token: string | null, expires?: Date) => void
}
