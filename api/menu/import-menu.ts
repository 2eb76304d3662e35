import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/sql'
import { StartError } from '../../env.ts'
import { EventType } from '../events/event.entity.ts'
import type { EventLog } from '../events/log.ts'
import { money } from '../money.ts'
import { Shop } from '../shops/shop.entity.ts'
import { type ListedItem, lists } from './menu-file.ts'
import { MenuItem, MenuItemKind } from './menu-item.entity.ts'
import { plain } from './words.ts'

const kindWords: Record<MenuItemKind, string> = {
  FLAVOR: 'flavor',
  TOPPING: 'topping',
  ADD_ON: 'add-on',
}

/**
 * What is the same item before and after: guests say "Taro Milk Tea" as they say "taro milk tea". Kinds come first, so that
 * a topping which becomes an add-on is another one.
 */
const keyOf = ({ kind, name }: { kind: MenuItemKind; name: string }) => `${kind} ${plain(name)}`
const labelOf = ({ kind, name }: { kind: MenuItemKind; name: string }) => `${kindWords[kind]} "${name}"`
const same = (a: readonly string[], b: readonly string[]) => JSON.stringify(a) === JSON.stringify(b)
const quoted = (words: readonly string[]) => words.map(word => `"${word}"`).join(', ')
const need = (requires: string | null) => (requires === null ? 'needs no topping' : `needs "${requires}"`)

/** What a shop sells, in the order of the menu. */
export async function currentItems(em: EntityManager, shop: Shop): Promise<MenuItem[]> {
  return em.find(MenuItem, { shop }, { orderBy: { position: 'asc' }, populate: ['requires'] })
}

/** What would be another after an import, in words, one change a line; none when the menu is that already. */
export function menuChanges(now: MenuItem[], wanted: ListedItem[], currency: string): string[] {
  const price = (minor: number) => money(minor, currency).amount
  const known = new Map(now.map(item => [keyOf(item), item]))
  const kept = new Set(wanted.map(keyOf))
  const changed = wanted.flatMap(item => {
    const old = known.get(keyOf(item))
    const also = item.aliases.length > 0 ? `, also called ${quoted(item.aliases)}` : ''
    const only = item.requires === null ? '' : `, ${need(item.requires)}`
    if (!old) return [`+ ${labelOf(item)}, ${price(item.priceMinor)} ${currency}${also}${only}`]
    const needed = old.requires?.name ?? null
    return [
      ...(old.name === item.name ? [] : [`is called "${item.name}"`]),
      ...(old.priceMinor === item.priceMinor
        ? []
        : [`price ${price(old.priceMinor)} → ${price(item.priceMinor)} ${currency}`]),
      ...aliasChanges(old.aliases, item.aliases),
      ...(plain(needed ?? '') === plain(item.requires ?? '')
        ? []
        : [`${need(needed)} → ${need(item.requires)}`]),
    ].map(change => `~ ${labelOf(old)}: ${change}`)
  })
  const removed = now.filter(item => !kept.has(keyOf(item))).map(item => `- ${labelOf(item)}`)
  const order = lists.flatMap(([, kind]) => {
    const before = now.filter(item => item.kind === kind && kept.has(keyOf(item)))
    const after = wanted.filter(item => item.kind === kind)
    const stay = after.filter(item => known.has(keyOf(item)))
    if (same(before.map(keyOf), stay.map(keyOf))) return []
    return [`~ ${kindWords[kind]}s in this order: ${after.map(({ name }) => name).join(', ')}`]
  })
  return [...removed, ...changed, ...order]
}

function aliasChanges(before: string[], after: string[]): string[] {
  if (same(before, after)) return []
  const added = after.filter(word => !before.includes(word))
  const gone = before.filter(word => !after.includes(word))
  if (added.length + gone.length === 0) return ['other words for it in another order']
  return [
    ...(added.length > 0 ? [`also called ${quoted(added)}`] : []),
    ...(gone.length > 0 ? [`no longer called ${quoted(gone)}`] : []),
  ]
}

/**
 * Makes the menu what a file says, in one transaction with one event, which running processes and live calls hear of.
 * What stays keeps its id and whether it is sold out. Orders hold the names and prices they were
 * placed with; a cart that holds what is gone is refused at checkout as if it were sold out.
 * @param agreed the changes as they were shown
 * @throws StartError when the menu has changed since
 */
export async function importMenu(
  em: EntityManager,
  log: EventLog,
  shopId: string,
  wanted: ListedItem[],
  agreed: string[],
): Promise<void> {
  await log.change(em, async tx => {
    const locked = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const
    const shop = await tx.em.findOneOrFail(Shop, shopId, locked)
    const now = await currentItems(tx.em, shop)
    if (!same(menuChanges(now, wanted, shop.currency), agreed)) {
      throw new StartError(
        'The menu was changed by somebody else meanwhile. Nothing was imported; try again.',
      )
    }
    const items = new Map(now.map(item => [keyOf(item), item]))
    const kept = new Set(wanted.map(keyOf))
    for (const [position, { requires: _, ...listed }] of wanted.entries()) {
      const item = items.get(keyOf(listed))
      if (item) tx.em.assign(item, { ...listed, position })
      else items.set(keyOf(listed), tx.em.create(MenuItem, { shop, ...listed, position }))
    }
    for (const { requires, ...listed } of wanted) {
      const needed =
        requires === null ? null : items.get(keyOf({ kind: MenuItemKind.TOPPING, name: requires }))!
      items.get(keyOf(listed))!.requires = needed
    }
    // What is removed may not be what anything else needs any more: that is written first.
    await tx.em.flush()
    for (const item of now) if (!kept.has(keyOf(item))) tx.em.remove(item)
    await tx.append(shop.id, { type: EventType.MENU_CHANGED })
  })
}
