import 'reflect-metadata'
import type { GraphQLSchema } from 'graphql'
import { buildSchemaSync, type PubSub } from 'type-graphql'
import { guard } from './auth/allow.ts'
import { AuthResolver } from './auth/auth.resolver.ts'
import { KeyResolver } from './auth/key.resolver.ts'
import { CallResolver } from './calls/call.resolver.ts'
import { CallerResolver } from './calls/caller.resolver.ts'
import { CartResolver } from './carts/cart.resolver.ts'
import { DateTime } from './date-time.ts'
import { EventResolver } from './events/event.resolver.ts'
import { RateLimitResolver } from './limits/rate-limit.resolver.ts'
import { HistoryResolver } from './events/history.resolver.ts'
import { MenuResolver } from './menu/menu.resolver.ts'
import { CheckoutResolver } from './orders/checkout.resolver.ts'
import { NodeResolver } from './node.resolver.ts'
import { NumbersResolver } from './numbers/numbers.resolver.ts'
import { OrderResolver } from './orders/order.resolver.ts'
import { PlaceOrderResolver } from './orders/place-order.resolver.ts'
import { ShopResolver } from './shops/shop.resolver.ts'
import { SimulateCallResolver } from './calls/simulate-call.resolver.ts'
import { WebhookResolver } from './webhooks/webhook.resolver.ts'

const never = () => {
  throw new Error('subscriptions read the event log')
}
// type-graphql asks for one as soon as there is a subscription, although each of ours brings its own stream.
const noPubSub: PubSub = { publish: never, subscribe: never }

/** type-graphql makes the root types itself and leaves them without a description. */
const roots = {
  Query: 'What can be read.',
  Mutation: 'What can be done. Fields run one after the other.',
  Subscription:
    'What can be listened to, over a WebSocket at /graphql or as Server-Sent Events at /graphql/stream.',
}

/** The resolvers put together, each behind its access rule. */
export function createSchema(): GraphQLSchema {
  const schema = guard(
    buildSchemaSync({
      resolvers: [
        AuthResolver,
        CallResolver,
        CallerResolver,
        CartResolver,
        CheckoutResolver,
        EventResolver,
        KeyResolver,
        HistoryResolver,
        MenuResolver,
        NodeResolver,
        NumbersResolver,
        OrderResolver,
        PlaceOrderResolver,
        RateLimitResolver,
        ShopResolver,
        SimulateCallResolver,
        WebhookResolver,
      ],
      scalarsMap: [{ type: Date, scalar: DateTime }],
      validate: false,
      pubSub: noPubSub,
    }),
  )
  for (const [name, description] of Object.entries(roots)) schema.getType(name)!.description = description
  return schema
}
