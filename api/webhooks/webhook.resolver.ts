import type { GraphQLResolveInfo } from 'graphql'
import {
  Arg,
  Ctx,
  FieldResolver,
  ID,
  Info,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql'
import { allow } from '../auth/allow.ts'
import { afterArg, type Connection, connectionOf, firstArg, paginate } from '../connection.ts'
import type { Context } from '../context.ts'
import {
  deleteWebhook,
  enableWebhook,
  redeliver,
  registerWebhook,
  rotateSecret,
  updateWebhook,
  type WebhookManager,
} from './manage-webhooks.ts'
import { WebhookDelivery, WebhookDeliveryStatus } from './webhook-delivery.entity.ts'
import {
  DeleteWebhookInput,
  EnableWebhookInput,
  RedeliverInput,
  RegisterWebhookInput,
  RotateWebhookSecretInput,
  UpdateWebhookInput,
} from './webhook-input.ts'
import {
  DeletedWebhook,
  DeleteWebhookResult,
  orRefused,
  RedeliverResult,
  WebhookRefused,
  WebhookResult,
  WebhookSecret,
  WebhookSecretResult,
} from './webhook-results.ts'
import { Webhook } from './webhook.entity.ts'

@ObjectType({ description: 'A page of webhooks, newest first.', simpleResolvers: true })
class WebhookConnection extends connectionOf(Webhook, 'webhooks') {}

@ObjectType({ description: 'A page of deliveries, newest first.', simpleResolvers: true })
class WebhookDeliveryConnection extends connectionOf(WebhookDelivery, 'deliveries') {}

const withSecret = (made: { webhook: Webhook; secret: string }) => Object.assign(new WebhookSecret(), made)

/** Webhooks: each key registers, sees and changes its own. */
@Resolver(() => Webhook)
export class WebhookResolver {
  @allow('webhooks:write')
  @Query(() => WebhookConnection, { description: 'The webhooks this key has registered, newest first.' })
  webhooks(
    @Ctx() { em, viewer }: Context,
    @Arg('first', () => Int, firstArg) first: number,
    @Arg('after', () => String, afterArg) after?: string | null,
  ): Promise<Connection<Webhook>> {
    return paginate(
      (older, options) => em.find(Webhook, { $and: [{ apiKey: viewer.id! }, ...older] }, options),
      'createdAt',
      { first, after },
    )
  }

  @allow('webhooks:write')
  @Query(() => Webhook, { nullable: true, description: 'One webhook this key has registered.' })
  webhook(
    @Ctx() { em, viewer }: Context,
    @Arg('id', () => ID, { description: 'Its opaque id.' }) id: string,
  ): Promise<Webhook | null> {
    return em.findOne(Webhook, { id, apiKey: viewer.id! })
  }

  @FieldResolver(() => WebhookDeliveryConnection, {
    description: 'What was sent to it and what came of that, newest first.',
  })
  deliveries(
    @Ctx() { em }: Context,
    @Root() { id }: Webhook,
    @Arg('first', () => Int, firstArg) first: number,
    @Arg('after', () => String, afterArg) after?: string | null,
    @Arg('status', () => [WebhookDeliveryStatus], {
      nullable: true,
      description: 'Only those in one of these.',
    })
    status?: WebhookDeliveryStatus[] | null,
  ): Promise<Connection<WebhookDelivery>> {
    const where = { webhook: id, ...(status && { status: { $in: status } }) }
    return paginate(
      (older, options) => em.find(WebhookDelivery, { $and: [where, ...older] }, options),
      'createdAt',
      { first, after },
    )
  }

  @allow('webhooks:write')
  @Mutation(() => WebhookSecretResult, {
    description:
      'Be told events at an address, from now on. Deliveries are signed by the Standard Webhooks scheme, come at least once with the same `webhook-id`, and may overtake each other: `cursor` tells their order. The body is `{ type, timestamp, data }`.',
  })
  registerWebhook(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('input', () => RegisterWebhookInput, { description: 'The webhook.' }) input: RegisterWebhookInput,
  ): Promise<WebhookSecret | WebhookRefused> {
    return orRefused(async () => withSecret(await registerWebhook(managerOf(context, info), input)))
  }

  @allow('webhooks:write')
  @Mutation(() => WebhookResult, {
    description: 'Change where a webhook posts, what it is told, or in which shape.',
  })
  updateWebhook(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('input', () => UpdateWebhookInput, { description: 'What to change.' }) input: UpdateWebhookInput,
  ): Promise<Webhook | WebhookRefused> {
    return orRefused(() => updateWebhook(managerOf(context, info), input))
  }

  @allow('webhooks:write')
  @Mutation(() => WebhookSecretResult, {
    description:
      'Give a webhook a new secret. Deliveries are signed by both for a time, so that none is missed.',
  })
  rotateWebhookSecret(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('input', () => RotateWebhookSecretInput, { description: 'Which one.' })
    input: RotateWebhookSecretInput,
  ): Promise<WebhookSecret | WebhookRefused> {
    return orRefused(async () => withSecret(await rotateSecret(managerOf(context, info), input)))
  }

  @allow('webhooks:write')
  @Mutation(() => WebhookResult, {
    description: 'Send to a webhook again that was disabled, beginning with what it has missed.',
  })
  enableWebhook(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('input', () => EnableWebhookInput, { description: 'Which one.' }) input: EnableWebhookInput,
  ): Promise<Webhook | WebhookRefused> {
    return orRefused(() => woken(context, enableWebhook(managerOf(context, info), input)))
  }

  @allow('webhooks:write')
  @Mutation(() => DeleteWebhookResult, { description: 'Delete a webhook with its delivery log.' })
  deleteWebhook(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('input', () => DeleteWebhookInput, { description: 'Which one.' }) { id }: DeleteWebhookInput,
  ): Promise<DeletedWebhook | WebhookRefused> {
    return orRefused(async () =>
      Object.assign(new DeletedWebhook(), await deleteWebhook(managerOf(context, info), id)),
    )
  }

  @allow('webhooks:write')
  @Mutation(() => RedeliverResult, {
    description: 'Send an event again, whether it had arrived or not. Its `webhook-id` is the same.',
  })
  redeliver(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('input', () => RedeliverInput, { description: 'Which one.' }) { delivery }: RedeliverInput,
  ): Promise<WebhookDelivery | WebhookRefused> {
    return orRefused(() => woken(context, redeliver(managerOf(context, info), delivery)))
  }
}

const managerOf = ({ em, viewer, webhooks }: Context, { schema }: GraphQLResolveInfo): WebhookManager => ({
  em,
  viewer,
  webhooks,
  schema,
})

/** Whoever sends webhooks looks at once; other processes do when they next look. */
async function woken<T>({ log }: Context, work: Promise<T>): Promise<T> {
  const done = await work
  log.wake()
  return done
}
