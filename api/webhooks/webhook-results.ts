import { createUnionType, Field, ID, ObjectType } from 'type-graphql'
import { Refusal } from '../carts/refusal.ts'
import { describeRefusal, UserError } from '../errors.ts'
import { WebhookDelivery } from './webhook-delivery.entity.ts'
import { Webhook } from './webhook.entity.ts'

@ObjectType({
  implements: UserError,
  description: describeRefusal(
    'Nothing was changed about a webhook.',
    'BAD_DOCUMENT',
    'BAD_EVENT_TYPES',
    'BAD_OVERLAP',
    'BAD_URL',
    'DELIVERY_NOT_FOUND',
    'FORBIDDEN_ADDRESS',
    'INSECURE_URL',
    'MISSING_SCOPE',
    'TOO_COSTLY',
    'TOO_DEEP',
    'TOO_MANY_ALIASES',
    'TOO_MANY_FIELDS',
    'TOO_MANY_WEBHOOKS',
    'UNKNOWN_HOST',
    'WEBHOOKS_OFF',
    'WEBHOOK_DISABLED',
    'WEBHOOK_NOT_FOUND',
  ),
  simpleResolvers: true,
})
export class WebhookRefused extends UserError {}

@ObjectType({ description: 'A webhook with its signing secret.', simpleResolvers: true })
export class WebhookSecret {
  @Field(() => Webhook, { description: 'The webhook.' })
  webhook!: Webhook

  @Field(() => String, {
    description:
      'What its deliveries are signed with by the Standard Webhooks scheme: `whsec_…`. Shown this once; keep it now.',
  })
  secret!: string
}

@ObjectType({ description: 'A webhook is gone, with its delivery log.', simpleResolvers: true })
export class DeletedWebhook {
  @Field(() => ID, { description: 'The opaque id it had.' })
  id!: string
}

export const WebhookSecretResult = createUnionType({
  name: 'WebhookSecretResult',
  description: 'A webhook with its secret, or why there is none.',
  types: () => [WebhookSecret, WebhookRefused] as const,
  resolveType: value => ('secret' in value ? WebhookSecret : WebhookRefused),
})

export const WebhookResult = createUnionType({
  name: 'WebhookResult',
  description: 'The webhook as it is now, or why nothing was changed.',
  types: () => [Webhook, WebhookRefused] as const,
  resolveType: value => ('code' in value ? WebhookRefused : Webhook),
})

export const DeleteWebhookResult = createUnionType({
  name: 'DeleteWebhookResult',
  description: 'What was deleted, or why nothing was.',
  types: () => [DeletedWebhook, WebhookRefused] as const,
  resolveType: value => ('code' in value ? WebhookRefused : DeletedWebhook),
})

export const RedeliverResult = createUnionType({
  name: 'RedeliverResult',
  description: 'The delivery as it is now, or why it is not sent again.',
  types: () => [WebhookDelivery, WebhookRefused] as const,
  resolveType: value => ('code' in value ? WebhookRefused : WebhookDelivery),
})

/** What was done, or why it was not, as data. */
export async function orRefused<T>(work: () => Promise<T>): Promise<T | WebhookRefused> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { code, message, path } = error
    return Object.assign(new WebhookRefused(), { code, message, path })
  }
}
