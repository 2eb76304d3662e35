import DataLoader from 'dataloader'
import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql'
import type { ClassType } from 'type-graphql'
import type { EntityManager } from '@mikro-orm/sql'
import { FunctionCall } from './calls/function-call.entity.ts'
import { Menu } from './menu/menu.ts'
import { MenuItem } from './menu/menu-item.entity.ts'
import type { Order } from './orders/order.entity.ts'
import { OrderItem } from './orders/order-item.entity.ts'
import { readRows } from './rows.ts'
import type { Shop } from './shops/shop.entity.ts'
import { Sms } from './sms/sms.entity.ts'

/** Reads what many rows of one answer ask for in one statement each. They remember nothing. */
export interface Loaders {
  /** By CallSid: the agent functions of a call, in order. */
  functions: DataLoader<string, FunctionCall[]>
  /** The cups of an order, in order. */
  items: DataLoader<Order, OrderItem[]>
  /** The texts about an order, oldest first. */
  texts: DataLoader<Order, Sms[]>
  menu: DataLoader<Shop, Menu>
}

export function createLoaders(em: EntityManager): Loaders {
  return {
    functions: new DataLoader(
      async calls => {
        const found = await em.find(
          FunctionCall,
          { call: { $in: [...calls] }, name: { $ne: '' } },
          // A stream asks again for as long as it is open.
          { orderBy: { at: 'asc', place: 'asc' }, disableIdentityMap: true },
        )
        const byCall = Map.groupBy(found, ({ call }) => call)
        return calls.map(call => byCall.get(call) ?? [])
      },
      { cache: false },
    ),
    items: ofOrders(em, OrderItem, { position: 'asc' }),
    texts: ofOrders(em, Sms, { createdAt: 'asc' }),
    menu: new DataLoader(
      async shops => {
        const items = await em.find(
          MenuItem,
          { shop: { $in: [...new Set(shops)] } },
          { orderBy: { position: 'asc' } },
        )
        const byShop = Map.groupBy(items, ({ shop }) => shop.id)
        return shops.map(shop => new Menu(shop, byShop.get(shop.id) ?? []))
      },
      { cache: false },
    ),
  }
}

/** What belongs to orders, only to be shown. */
const ofOrders = <T extends { order: Order }>(em: EntityManager, Type: ClassType<T>, orderBy: object) =>
  new DataLoader<Order, T[]>(
    async orders => {
      const rows = await readRows(em, Type, { order: { $in: orders.map(({ id }) => id) } }, { orderBy })
      const byOrder = Map.groupBy(rows, ({ order }) => order as unknown as string)
      return orders.map(order => {
        const own = byOrder.get(order.id) ?? []
        // Defined, since the class sets it by a setter that makes the row known to the order.
        for (const row of own) Object.defineProperty(row, 'order', { value: order })
        return own
      })
    },
    { cache: false },
  )

/**
 * Reads cups and texts of orders beforehand when they are asked for anywhere below a field. What is there already is
 * answered at once; a page whose every order waits for its own, even if all wait for one statement, takes twice as long.
 */
export async function readWith(
  { items, texts }: Loaders,
  orders: Order[],
  info: GraphQLResolveInfo,
): Promise<Order[]> {
  const asked = namesIn(info)
  const [cups, told] = await Promise.all([
    asked.has('items') && Promise.all(orders.map(order => items.load(order))),
    asked.has('texts') && Promise.all(orders.map(order => texts.load(order))),
  ])
  for (const [index, order] of orders.entries()) {
    if (cups) Object.assign(order, { items: cups[index] })
    if (told) Object.assign(order, { texts: told[index] })
  }
  return orders
}

/** The names of all fields that are selected below a field. */
function namesIn({ fieldNodes, fragments }: GraphQLResolveInfo): Set<string> {
  const names = new Set<string>()
  const seen = new Set<string>()
  const look = (set: SelectionSetNode | undefined): void => {
    for (const node of set?.selections ?? []) {
      if (node.kind !== Kind.FRAGMENT_SPREAD) {
        if (node.kind === Kind.FIELD) names.add(node.name.value)
        look(node.selectionSet)
      } else if (!seen.has(node.name.value)) {
        seen.add(node.name.value)
        look(fragments[node.name.value]?.selectionSet)
      }
    }
  }
  for (const { selectionSet } of fieldNodes) look(selectionSet)
  return names
}
