import 'reflect-metadata'
import type { GraphQLSchema } from 'graphql'
import { GraphQLDateTime } from 'graphql-scalars'
import { buildSchemaSync, type PubSub } from 'type-graphql'
import { guard } from './auth/allow.ts'
import { AuthResolver } from './auth/auth.resolver.ts'
import { CallResolver } from './calls/call.resolver.ts'
import { CallerResolver } from './calls/caller.resolver.ts'
import { CartResolver } from './carts/cart.resolver.ts'
import { EventResolver } from './events/event.resolver.ts'
import { MenuResolver } from './menu/menu.resolver.ts'
import { CheckoutResolver } from './orders/checkout.resolver.ts'
import { OrderResolver } from './orders/order.resolver.ts'
import { ShopResolver } from './shops/shop.resolver.ts'

const never = () => {
  throw new Error('subscriptions read the event log')
}
// type-graphql asks for one as soon as there is a subscription, although each of ours brings its own stream.
const noPubSub: PubSub = { publish: never, subscribe: never }

/** The resolvers put together, each behind its access rule. */
export function createSchema(): GraphQLSchema {
  return guard(
    buildSchemaSync({
      resolvers: [
        AuthResolver,
        CallResolver,
        CallerResolver,
        CartResolver,
        CheckoutResolver,
        EventResolver,
        MenuResolver,
        OrderResolver,
        ShopResolver,
      ],
      scalarsMap: [{ type: Date, scalar: GraphQLDateTime }],
      validate: false,
      pubSub: noPubSub,
    }),
  )
}
