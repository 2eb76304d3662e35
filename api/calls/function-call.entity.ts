import { OptionalProps, PrimaryKeyProp } from '@mikro-orm/core'
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy'

/**
 * What an agent function answered. Written in the transaction of its effect, so that the same request id answers
 * the same again, also after a crash between effect and answer.
 */
@Entity()
export class FunctionCall {
  [OptionalProps]?: 'at';

  [PrimaryKeyProp]?: ['call', 'request']

  /** CallSid. */
  @PrimaryKey({ type: 'string' })
  call!: string

  /** Deepgram's function-call id. */
  @PrimaryKey({ type: 'string' })
  request!: string

  /** The mutation, e.g. "addToCart". */
  @Property({ type: 'string' })
  name!: string

  /** SHA-256 of the arguments as JSON. */
  @Property({ type: 'string' })
  argumentsHash!: string

  @Property({ type: 'json' })
  answer!: object

  @Property({ type: 'datetime' })
  at: Date = new Date()
}
