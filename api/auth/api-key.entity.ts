import { OptionalProps } from '@mikro-orm/core'
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy'
import { newId } from '../ids.ts'
import type { Scope } from './scopes.ts'

/** A program's key. The key itself is shown once and stored only as its SHA-256. */
@Entity()
export class ApiKey {
  [OptionalProps]?: 'id' | 'createdAt'

  @PrimaryKey({ type: 'string' })
  id: string = newId('key')

  @Property({ type: 'string' })
  name!: string

  /** SHA-256 of the whole key, hex. A key has 160 random bits, so a slow hash would add nothing. */
  @Property({ type: 'string', unique: true })
  hash!: string

  /** The start of the key, to recognise it by in a list. */
  @Property({ type: 'string' })
  prefix!: string

  @Property({ type: 'json' })
  scopes!: Scope[]

  @Property({ type: 'Date' })
  createdAt: Date = new Date()

  @Property({ type: 'Date', nullable: true })
  revokedAt: Date | null = null
}
