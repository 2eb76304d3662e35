import { readFile } from 'node:fs/promises'
import type { EntityManager } from '@mikro-orm/sql'
import { z } from 'zod'
import { StartError } from '../../env.ts'
import { minorUnits } from '../money.ts'
import { Shop } from '../shops/shop.entity.ts'
import { MenuItem, MenuItemKind } from './menu-item.entity.ts'

const item = z.object({
  name: z.string().min(1),
  price: z.string(),
  aliases: z.array(z.string()).default([]),
  requires: z.string().optional(),
})

const isTimezone = (name: string) => Intl.supportedValuesOf('timeZone').includes(name) || name === 'UTC'

const menuFile = z.object({
  shop: z.object({
    name: z.string().min(1),
    phone: z.e164().nullable().default(null),
    region: z.string().length(2),
    currency: z.string().length(3),
    timezone: z.string().refine(isTimezone, 'is no time zone such as America/Los_Angeles'),
    warnAfterMinutes: z.int().min(1).max(240).default(5),
    lateAfterMinutes: z.int().min(1).max(240).default(10),
  }),
  flavors: z.array(item).min(1),
  toppings: z.array(item),
  addOns: z.array(item),
})

/**
 * Puts the shop and its menu from a file into an empty database. A database that has a shop is left alone: from then
 * on the menu lives there.
 * @throws StartError naming what is wrong with the file
 */
export async function seed(em: EntityManager, file: string): Promise<void> {
  if ((await em.count(Shop)) > 0) return
  const { shop: settings, ...kinds } = await readMenu(file)
  const shop = em.create(Shop, settings)
  const items: MenuItem[] = []
  for (const [kind, list] of [
    [MenuItemKind.FLAVOR, kinds.flavors],
    [MenuItemKind.TOPPING, kinds.toppings],
    [MenuItemKind.ADD_ON, kinds.addOns],
  ] as const) {
    for (const { name, price, aliases, requires } of list) {
      const needed = requires === undefined ? null : items.find(each => each.name === requires)
      if (needed === undefined)
        throw new StartError(`${file}: "${name}" requires "${requires}", which is no topping.`)
      let priceMinor: number
      try {
        priceMinor = minorUnits(price, shop.currency)
      } catch (error) {
        throw new StartError(`${file}: the price of "${name}": ${(error as Error).message}.`)
      }
      const position = items.length
      items.push(em.create(MenuItem, { shop, kind, name, aliases, priceMinor, requires: needed, position }))
    }
  }
  await em.flush()
}

async function readMenu(file: string): Promise<z.infer<typeof menuFile>> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new StartError(
      `The menu file ${file} cannot be read (${(error as Error).message}). MENU_FILE names it.`,
    )
  }
  try {
    return menuFile.parse(JSON.parse(text))
  } catch (error) {
    const why =
      error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : (error as Error).message
    throw new StartError(`The menu file ${file} is not right: ${why}`)
  }
}
