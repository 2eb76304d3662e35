import { Field, ID, InputType, Int } from 'type-graphql'
import { EventType } from '../events/event.entity.ts'

const documentField = {
  nullable: true,
  description:
    'Shapes `data` of the payload: fragments, the first of them on OrderEvent. The usual payload, without names and phone numbers, if null.',
}

@InputType({ description: 'A new webhook.' })
export class RegisterWebhookInput {
  @Field(() => String, { description: 'Where to post: a public address by https.' })
  url!: string

  @Field(() => [EventType], { description: 'Which events to tell: any but HEARTBEAT and GAP.' })
  eventTypes!: EventType[]

  @Field(() => String, documentField)
  document?: string | null
}

@InputType({ description: 'What to change about a webhook; what is left out stays.' })
export class UpdateWebhookInput {
  @Field(() => ID, { description: 'The webhook.' })
  id!: string

  @Field(() => String, { nullable: true, description: 'Where to post: a public address by https.' })
  url?: string | null

  @Field(() => [EventType], {
    nullable: true,
    description: 'Which events to tell from now on: any but HEARTBEAT and GAP.',
  })
  eventTypes?: EventType[] | null

  @Field(() => String, documentField)
  document?: string | null
}

@InputType({ description: 'Which webhook gets a new secret.' })
export class RotateWebhookSecretInput {
  @Field(() => ID, { description: 'The webhook.' })
  id!: string

  @Field(() => Int, {
    defaultValue: 24 * 60,
    description: 'For how many minutes the secret before this one signs too: 0 to 43200, which is 30 days.',
  })
  overlapMinutes!: number
}

@InputType({ description: 'Which webhook to enable.' })
export class EnableWebhookInput {
  @Field(() => ID, { description: 'The webhook.' })
  id!: string

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Whether to leave out what has happened while it was disabled. It is sent if false.',
  })
  fromNow!: boolean
}

@InputType({ description: 'Which webhook to delete.' })
export class DeleteWebhookInput {
  @Field(() => ID, { description: 'The webhook.' })
  id!: string
}

@InputType({ description: 'Which delivery to send again.' })
export class RedeliverInput {
  @Field(() => ID, { description: 'The delivery.' })
  delivery!: string
}
