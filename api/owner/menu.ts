import { pipeline } from 'node:stream/promises'
import { StartError } from '../../env.ts'
import { currentItems, importMenu, menuChanges } from '../menu/import-menu.ts'
import { itemsOf, menuFileOf, readMenu } from '../menu/menu-file.ts'
import { settingsOf } from '../shops/change-settings.ts'
import { agree } from './ask.ts'
import type { Counter } from './command.ts'
import { writeNew } from './write-new.ts'

/** Writes the menu and the shop's settings as a file that can be imported, or start another database. */
export async function exportMenu({ em, shop }: Counter, file: string): Promise<string> {
  const menu = menuFileOf(shop, await currentItems(em, shop))
  await writeNew(file, target => pipeline([`${JSON.stringify(menu, null, 2)}\n`], target))
  return `${file}: ${menu.flavors.length} flavors, ${menu.toppings.length} toppings, ${menu.addOns.length} add-ons.`
}

/** Shows what would change, and changes it when that is wanted. */
export async function importMenuFile(counter: Counter, file: string): Promise<string> {
  const { em, log, shop, yes, terminal } = counter
  const menu = await readMenu(file)
  if (menu.shop && menu.shop.currency !== shop.currency) {
    throw new StartError(
      `The prices in ${file} are in ${menu.shop.currency}, those of the shop in ${shop.currency}. Nothing was imported. Change the file, or the shop with \`shop set currency=${menu.shop.currency}\`.`,
    )
  }
  const wanted = itemsOf(menu, shop.currency, file)
  const changes = menuChanges(await currentItems(em, shop), wanted, shop.currency)
  const note =
    menu.shop && JSON.stringify(menu.shop) !== JSON.stringify(settingsOf(shop))
      ? "\n\nThe shop's settings in the file are others than those of the shop, and are left alone: `shop set` changes them."
      : ''
  if (changes.length === 0) return `The menu is that of ${file} already. Nothing was changed.${note}`
  await agree(changes.join('\n') + note, yes, terminal)
  await importMenu(em.fork(), log, shop.id, wanted, changes)
  return `The menu is that of ${file} now. Calls on the line hear of it.`
}
