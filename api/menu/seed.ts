import type { EntityManager } from '@mikro-orm/sql'
import { Shop } from '../shops/shop.entity.ts'
import { itemsOf, readMenuFile } from './menu-file.ts'
import { MenuItem, MenuItemKind } from './menu-item.entity.ts'

/**
 * Puts the shop and its menu from a file into an empty database. A database that has a shop is left alone: from then
 * on the menu lives there.
 * @throws StartError naming what is wrong with the file
 */
export async function seed(em: EntityManager, file: string): Promise<void> {
  if ((await em.count(Shop)) > 0) return
  const menu = await readMenuFile(file)
  const shop = em.create(Shop, menu.shop)
  const toppings = new Map<string, MenuItem>()
  for (const [position, { requires, ...listed }] of itemsOf(menu, shop.currency, file).entries()) {
    const needed = requires === null ? null : toppings.get(requires)!
    const item = em.create(MenuItem, { shop, ...listed, requires: needed, position })
    if (item.kind === MenuItemKind.TOPPING) toppings.set(item.name, item)
  }
  await em.flush()
}
