import DataLoader from 'dataloader'
import type { EntityManager } from '@mikro-orm/sql'
import { FunctionCall } from './calls/function-call.entity.ts'
import { Menu } from './menu/menu.ts'
import { MenuItem } from './menu/menu-item.entity.ts'
import type { Shop } from './shops/shop.entity.ts'

/** Reads what many rows of one answer ask for in one statement each. They remember nothing. */
export interface Loaders {
  /** By CallSid: the agent functions of a call, in order. */
  functions: DataLoader<string, FunctionCall[]>
  menu: DataLoader<Shop, Menu>
}

export function createLoaders(em: EntityManager): Loaders {
  return {
    functions: new DataLoader(
      async calls => {
        const found = await em.find(
          FunctionCall,
          { call: { $in: [...calls] }, name: { $ne: '' } },
          { orderBy: { at: 'asc', place: 'asc' } },
        )
        const byCall = Map.groupBy(found, ({ call }) => call)
        return calls.map(call => byCall.get(call) ?? [])
      },
      { cache: false },
    ),
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
