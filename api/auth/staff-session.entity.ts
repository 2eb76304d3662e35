import { OptionalProps } from '@mikro-orm/core'
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy'

/** A signed-in console. The cookie holds a random token; here is only its SHA-256. */
@Entity()
export class StaffSession {
  [OptionalProps]?: 'createdAt'

  /** SHA-256 of the cookie's token, hex. */
  @PrimaryKey({ type: 'string' })
  hash!: string

  @Property({ type: 'Date' })
  createdAt: Date = new Date()

  @Property({ type: 'Date' })
  expiresAt!: Date
}
