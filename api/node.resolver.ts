import type { EntityName } from '@mikro-orm/core'
import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql'
import { allow, check, type Rule } from './auth/allow.ts'
import { ApiKey } from './auth/api-key.entity.ts'
import { PiiRead } from './auth/pii-read.entity.ts'
import type { Viewer } from './auth/viewer.ts'
import { Call } from './calls/call.entity.ts'
import type { Context } from './context.ts'
import { MenuItem } from './menu/menu-item.entity.ts'
import { Node } from './node.ts'
import { OrderItem } from './orders/order-item.entity.ts'
import { Order } from './orders/order.entity.ts'
import { Shop } from './shops/shop.entity.ts'
import { Sms } from './sms/sms.entity.ts'
import { WebhookDelivery } from './webhooks/webhook-delivery.entity.ts'
import { Webhook } from './webhooks/webhook.entity.ts'

interface Kind {
  entity: EntityName<{ id: string }>
  rule: Rule
  populate?: string[]
  /** Of a kind that only whoever made it may read: which are theirs. */
  own?: (viewer: Viewer) => object
}

/** What an id names, by how it begins. */
const kinds = new Map<string, Kind>(
  Object.entries({
    ord: { entity: Order, rule: 'orders:read' },
    cup: { entity: OrderItem, rule: 'orders:read', populate: ['order'] },
    sms: { entity: Sms, rule: 'orders:read' },
    item: { entity: MenuItem, rule: 'anyone', populate: ['shop', 'requires'] },
    shop: { entity: Shop, rule: 'anyone' },
    key: { entity: ApiKey, rule: 'keys:write' },
    read: { entity: PiiRead, rule: 'keys:write' },
    hook: { entity: Webhook, rule: 'webhooks:write', own: ({ id }) => ({ apiKey: id }) },
    msg: { entity: WebhookDelivery, rule: 'webhooks:write', own: ({ id }) => ({ webhook: { apiKey: id } }) },
  }),
)

/** Ids of calls are Twilio's, which begin with CA. */
const call: Kind = { entity: Call, rule: 'calls:read', populate: ['shop', 'order', 'resumes', 'resumedBy'] }

/** Anything by its id. */
@Resolver()
export class NodeResolver {
  @allow('anyone')
  @Query(() => Node, {
    nullable: true,
    description:
      'Anything by its id, for those who may read things of its kind; null when there is no such thing, or it is the webhook of another key.',
  })
  async node(
    @Ctx() context: Context,
    @Arg('id', () => ID, {
      description:
        'Opaque id of an order, a cup, a text, a menu item, a shop, a call, an API key, a read, a webhook or a delivery.',
    })
    id: string,
  ): Promise<Node | null> {
    const kind = kinds.get(id.split('_', 1)[0]!) ?? (id.startsWith('CA') ? call : undefined)
    if (!kind) return null
    check([kind.rule], context)
    const where = { id, ...kind.own?.(context.viewer) }
    return context.em.findOne(kind.entity, where, { populate: (kind.populate ?? []) as never })
  }
}
