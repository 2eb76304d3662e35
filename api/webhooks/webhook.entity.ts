import { OptionalProps } from '@mikro-orm/core'
import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy'
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql'
import { EventType } from '../events/event.entity.ts'
import { newId } from '../ids.ts'
import { Node } from '../node.ts'

export enum WebhookDisabledReason {
  TARGET_FAILED = 'TARGET_FAILED',
  TARGET_GONE = 'TARGET_GONE',
  DOCUMENT_UNFIT = 'DOCUMENT_UNFIT',
  KEY_REVOKED = 'KEY_REVOKED',
}
registerEnumType(WebhookDisabledReason, {
  name: 'WebhookDisabledReason',
  description: 'Why nothing is sent to a webhook any more.',
  valuesConfig: {
    TARGET_FAILED: { description: 'Its target has taken nothing for a day.' },
    TARGET_GONE: { description: 'Its target has answered 410: it wants no more.' },
    DOCUMENT_UNFIT: {
      description: 'Its document no longer fits: the schema has changed, or its key has lost a scope.',
    },
    KEY_REVOKED: { description: 'The API key that registered it was revoked.' },
  },
})

/** An address that an integrator wants to be told events at. It reads the log by itself, at its own pace. */
@Entity()
@Index({ properties: ['apiKey', 'createdAt'] })
@ObjectType({
  implements: Node,
  description: 'An address that an integrator wants to be told events at.',
  simpleResolvers: true,
})
export class Webhook {
  [OptionalProps]?: 'id' | 'failures' | 'createdAt' | 'cursor' | 'enabled'

  @PrimaryKey({ type: 'string' })
  @Field(() => ID, { description: 'Opaque id.' })
  id: string = newId('hook')

  /** Id of the shop. */
  @Property({ type: 'string' })
  shop!: string

  /** Id of the API key that registered it, with whose scopes its payloads are read. */
  @Property({ type: 'string' })
  apiKey!: string

  @Property({ type: 'string', length: 2_000 })
  @Field(() => String, { description: 'Where events are posted to.' })
  url!: string

  @Property({ type: 'json' })
  @Field(() => [EventType], { description: 'Which events it is told.' })
  eventTypes!: EventType[]

  @Property({ type: 'text', nullable: true })
  @Field(() => String, {
    nullable: true,
    description: 'The fragment on OrderEvent that shapes `data` of its payloads; null for the usual one.',
  })
  document: string | null = null

  /** From which, with the shop's key, its signing secret is derived: the secret itself is kept nowhere. */
  @Property({ type: 'string' })
  salt!: string

  /** Of the secret before this one, which signs beside it for a time. */
  @Property({ type: 'string', nullable: true })
  oldSalt: string | null = null

  @Property({ type: 'Date', nullable: true })
  @Field(() => Date, {
    nullable: true,
    description:
      'Until then deliveries are signed by the secret before this one too; null when there is none.',
  })
  oldSecretUntil: Date | null = null

  /** `seq` of the last event that was read for it. */
  @Property({ type: 'integer' })
  seq!: number

  /** How often its target has failed in a row. */
  @Property({ type: 'integer' })
  failures: number = 0

  @Property({ type: 'Date', nullable: true })
  @Field(() => Date, {
    nullable: true,
    description: 'Since when its target has taken nothing; null when it took the last delivery.',
  })
  failingSince: Date | null = null

  @Property({ type: 'Date', nullable: true })
  @Field(() => Date, { nullable: true, description: 'When its target last took a delivery; null for never.' })
  lastDeliveredAt: Date | null = null

  /** While its target fails, nothing is tried before this time. */
  @Property({ type: 'Date', nullable: true })
  dueAt: Date | null = null

  @Property({ type: 'Date' })
  @Field(() => Date, { description: 'When it was registered.' })
  createdAt: Date = new Date()

  @Property({ type: 'Date', nullable: true })
  @Field(() => Date, { nullable: true, description: 'When it was disabled; null while it is enabled.' })
  disabledAt: Date | null = null

  @Property({ type: 'string', nullable: true })
  @Field(() => WebhookDisabledReason, { nullable: true, description: 'Why it was disabled.' })
  disabledReason: WebhookDisabledReason | null = null

  @Property({ type: 'text', nullable: true })
  @Field(() => String, { nullable: true, description: 'Why it was disabled and what to do, for people.' })
  disabledMessage: string | null = null

  @Field(() => Boolean, {
    description:
      'Whether events are sent to it. What happens while it is disabled is sent once it is enabled.',
  })
  get enabled(): boolean {
    return this.disabledAt === null
  }

  @Field(() => String, {
    description:
      'Opaque cursor of how far the log was read for it: later events have not been turned into deliveries yet.',
  })
  get cursor(): string {
    return String(this.seq)
  }

  disable(reason: WebhookDisabledReason, message: string): void {
    this.disabledAt = new Date()
    this.disabledReason = reason
    this.disabledMessage = message
  }

  enable(): void {
    this.disabledAt = this.disabledReason = this.disabledMessage = null
    this.recover()
  }

  /** Its target is taken to be well. */
  recover(): void {
    this.failures = 0
    this.failingSince = this.dueAt = null
  }
}
