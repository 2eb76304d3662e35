import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { StartError } from '../../env.ts'
import { minorUnits, money } from '../money.ts'
import type { Shop } from '../shops/shop.entity.ts'
import { faultsOf, nameText, shopSettings } from '../shops/settings.ts'
import { type MenuItem, MenuItemKind } from './menu-item.entity.ts'
import { plain } from './words.ts'

/** The lists of a menu file, in the order of the menu. */
export const lists = [
  ['flavors', MenuItemKind.FLAVOR],
  ['toppings', MenuItemKind.TOPPING],
  ['addOns', MenuItemKind.ADD_ON],
] as const

/** The most a part of a drink may cost, in minor units: a whole order has to fit into an integer of the database. */
const highestPrice = 10_000_000

const item = z.strictObject({
  name: nameText,
  price: z.string('is no amount in quotes such as "5.50"'),
  aliases: z.array(nameText).max(50, 'are more than 50').default([]),
})
const addOn = item.extend({ requires: nameText.optional() })

const menuLists = {
  flavors: z.array(item).min(1, 'has to hold one at least'),
  toppings: z.array(item),
  addOns: z.array(addOn),
}

/** A menu that may come without the shop it is for. */
const menuOnly = z.strictObject({ shop: shopSettings.optional(), ...menuLists }).superRefine(checkMenu)
const wholeFile = z.strictObject({ shop: shopSettings, ...menuLists }).superRefine(checkMenu)

/** A menu as its file has it. */
export type MenuFile = z.infer<typeof menuOnly>

/** What the shop sells, as a menu file says it. */
export interface ListedItem {
  kind: MenuItemKind
  name: string
  aliases: string[]
  priceMinor: number
  /** Name of the topping without which it is not made. */
  requires: string | null
}

/** Within a list every word means one thing: of two that share one, a guest would always be given the first. */
function checkMenu(file: Omit<z.infer<typeof menuOnly>, 'shop'>, { addIssue }: z.RefinementCtx): void {
  const fault = (message: string, ...path: (string | number)[]) => addIssue({ code: 'custom', message, path })
  for (const [list] of lists) {
    const owners = new Map<string, number>()
    for (const [index, { name, aliases }] of file[list].entries()) {
      for (const [place, word] of [name, ...aliases].entries()) {
        const owner = owners.get(plain(word)) ?? index
        if (owner === index) owners.set(plain(word), index)
        else {
          const path = place === 0 ? ['name'] : ['aliases', place - 1]
          fault(`"${word}" means ${file[list][owner]!.name} already`, list, index, ...path)
        }
      }
    }
  }
  for (const [index, { requires }] of file.addOns.entries()) {
    if (requires !== undefined && !file.toppings.some(({ name }) => name === requires))
      fault(`"${requires}" is no topping of this menu`, 'addOns', index, 'requires')
  }
}

/**
 * A shop with its menu, from a file.
 * @throws StartError naming what is wrong with it, and where
 */
export async function readMenuFile(file: string) {
  return read(file, wholeFile, ' MENU_FILE names it.')
}

/**
 * A menu from a file, with or without the shop.
 * @throws StartError naming what is wrong with it, and where
 */
export async function readMenu(file: string): Promise<MenuFile> {
  return read(file, menuOnly, '')
}

async function read<Type extends z.ZodType>(file: string, type: Type, hint: string): Promise<z.infer<Type>> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new StartError(`The menu file ${file} cannot be read (${(error as Error).message}).${hint}`)
  }
  try {
    // Editors on Windows begin a file with a byte order mark.
    return type.parse(JSON.parse(text.replace(/^\uFEFF/, '')))
  } catch (error) {
    const why = error instanceof z.ZodError ? faultsOf(error) : (error as Error).message
    throw new StartError(`The menu file ${file} is not right: ${shown(why)}`)
  }
}

/** Without what a terminal would obey: what is wrong in a file is quoted from it. */
const shown = (text: string) => text.replace(/\p{Cc}/gu, '\uFFFD')

/**
 * Everything on a menu, in its order, with exact prices.
 * @throws StartError naming a price that is none in that currency
 */
export function itemsOf(menu: MenuFile, currency: string, file: string): ListedItem[] {
  return lists.flatMap(([list, kind]) =>
    menu[list].map(({ name, price, aliases, ...rest }, index) => {
      const requires = ('requires' in rest && rest.requires) || null
      try {
        const priceMinor = minorUnits(price, currency)
        if (priceMinor > highestPrice) throw new Error(`"${price}" is too much`)
        return { kind, name, aliases, priceMinor, requires }
      } catch (error) {
        throw new StartError(
          `The menu file ${file} is not right: ${list}[${index}].price: ${shown((error as Error).message)} (${name})`,
        )
      }
    }),
  )
}

/** The file of a shop and its menu, as `readMenuFile` reads it. */
export function menuFileOf(shop: Shop, items: MenuItem[]): z.input<typeof wholeFile> {
  const { name, phone, region, currency, timezone, warnAfterMinutes, lateAfterMinutes } = shop
  const listOf = (kind: MenuItemKind) =>
    items
      .filter(each => each.kind === kind)
      .map(each => ({
        name: each.name,
        price: money(each.priceMinor, currency).amount,
        aliases: each.aliases,
        ...(each.requires && { requires: each.requires.name }),
      }))
  return {
    shop: { name, phone, region, currency, timezone, warnAfterMinutes, lateAfterMinutes },
    flavors: listOf(MenuItemKind.FLAVOR),
    toppings: listOf(MenuItemKind.TOPPING),
    addOns: listOf(MenuItemKind.ADD_ON),
  }
}
