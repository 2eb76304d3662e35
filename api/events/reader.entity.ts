import { OptionalProps, PrimaryKeyProp } from '@mikro-orm/core'
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy'

/** How far a reader of the log has come, kept where its effects are kept. */
@Entity()
export class Reader {
  [OptionalProps]?: 'seq';

  [PrimaryKeyProp]?: ['name', 'shop']

  @PrimaryKey({ type: 'string' })
  name!: string

  @PrimaryKey({ type: 'string' })
  shop!: string

  /** `seq` of the last event it has dealt with. */
  @Property({ type: 'integer' })
  seq: number = 0
}
