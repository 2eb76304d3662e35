import type { EntityManager } from '@mikro-orm/sql'
import type { EventLog } from '../events/log.ts'
import type { Shop } from '../shops/shop.entity.ts'
import type { Terminal } from './ask.ts'

/** What every command of the owner is given. */
export interface Counter {
  em: EntityManager
  log: EventLog
  shop: Shop
  /** Whether what changes was agreed to beforehand. */
  yes: boolean
  terminal: Terminal
}
