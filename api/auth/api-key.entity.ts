import { OptionalProps } from '@mikro-orm/core'
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy'
import { Field, ID, ObjectType } from 'type-graphql'
import { newId } from '../ids.ts'
import { Node } from '../node.ts'
import type { Scope } from './scopes.ts'

/** A program's key. The key itself is shown once and stored only as its SHA-256. */
@Entity()
@ObjectType({
  implements: Node,
  description: "A program's key. The key itself is shown once and kept nowhere.",
  simpleResolvers: true,
})
export class ApiKey implements Node {
  [OptionalProps]?: 'id' | 'createdAt'

  @PrimaryKey({ type: 'string' })
  @Field(() => ID, { description: 'Opaque id. It stays when the key is rotated.' })
  id: string = newId('key')

  @Property({ type: 'string' })
  @Field(() => String, { description: 'Whose key it is.' })
  name!: string

  /** SHA-256 of the whole key, hex. A key has at least 160 random bits, so a slow hash would add nothing. */
  @Property({ type: 'string', unique: true })
  hash!: string

  /** The start of the key, to recognise it by in a list. */
  @Property({ type: 'string' })
  @Field(() => String, { description: 'How the key begins, to recognise it by.' })
  prefix!: string

  /** SHA-256 of the key it had before it was last rotated. */
  @Property({ type: 'string', nullable: true, unique: true })
  previousHash: string | null = null

  @Property({ type: 'Date', nullable: true })
  @Field(() => Date, {
    nullable: true,
    description: 'Until then the key it was before it was last rotated works too; null when it never was.',
  })
  previousUntil: Date | null = null

  @Property({ type: 'json' })
  @Field(() => [String], { description: 'What it may do, e.g. "orders:read".' })
  scopes!: Scope[]

  @Property({ type: 'Date' })
  @Field(() => Date, { description: 'When it was made.' })
  createdAt: Date = new Date()

  @Property({ type: 'Date', nullable: true })
  @Field(() => Date, {
    nullable: true,
    description: 'When it was last used, to the minute; null when it never was.',
  })
  lastUsedAt: Date | null = null

  @Property({ type: 'Date', nullable: true })
  @Field(() => Date, { nullable: true, description: 'When it was revoked; null while it works.' })
  revokedAt: Date | null = null
}
