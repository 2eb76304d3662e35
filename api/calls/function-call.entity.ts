import { OptionalProps, PrimaryKeyProp } from '@mikro-orm/core'
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy'
import { GraphQLJSONObject } from 'graphql-scalars'
import { Field, ObjectType } from 'type-graphql'
import { allow } from '../auth/allow.ts'
import type { CallState } from './call-state.ts'

/**
 * What an agent function answered. Written in the transaction of its effect, so that the same request id answers
 * the same again, also after a crash between effect and answer.
 */
@Entity()
@ObjectType({ description: 'An agent function with an effect, and what it answered.', simpleResolvers: true })
export class FunctionCall {
  [OptionalProps]?: 'at' | 'cancelled' | 'place' | 'before';

  [PrimaryKeyProp]?: ['call', 'request']

  /** CallSid. */
  @PrimaryKey({ type: 'string' })
  call!: string

  /** Deepgram's function-call id. */
  @PrimaryKey({ type: 'string' })
  request!: string

  @Property({ type: 'string' })
  @Field(() => String, { description: 'The mutation, e.g. "addToCart".' })
  name!: string

  /** SHA-256 of the arguments as JSON. */
  @Property({ type: 'string' })
  argumentsHash!: string

  @Property({ type: 'json' })
  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description: 'What it was asked with. Null without the scope orders:pii.',
  })
  @allow('orders:pii')
  arguments!: object

  @Property({ type: 'json' })
  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description: 'What the agent was answered. Null without the scope orders:pii.',
  })
  @allow('orders:pii')
  answer!: object

  @Property({ type: 'boolean', default: false })
  @Field(() => Boolean, {
    description: 'Whether the agent took it back: the caller went on speaking before it was answered.',
  })
  cancelled: boolean = false

  /** Which of the call's effects it was, from 1; null when it had none. */
  @Property({ type: 'integer', nullable: true })
  place: number | null = null

  /** How the call stood before its effect; null when that cannot be taken back. */
  @Property({ type: 'json', nullable: true })
  before: CallState | null = null

  @Property({ type: 'Date' })
  @Field(() => Date, { description: 'When it was answered.' })
  at: Date = new Date()
}
