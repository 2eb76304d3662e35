import type { LiveMenu } from './documents.ts'

const itemsOf = ({ flavors, toppings, addOns }: LiveMenu) => [...flavors, ...toppings, ...addOns]

/** What an agent has to know of a menu that has changed under it; nothing when it is the same to a caller. */
export function menuNews(before: LiveMenu, after: LiveMenu): string | undefined {
  const known = new Map(itemsOf(before).map(item => [item.name, item]))
  const lines = itemsOf(after).flatMap(item => {
    const old = known.get(item.name)
    if (!old) return [`New on the menu: ${item.name}, ${item.price.amount} ${item.price.currency}.`]
    if (old.available && !item.available) return [`${item.name} has just sold out. Do not offer it any more.`]
    if (!old.available && item.available) return [`${item.name} is available again.`]
    if (old.price.amount !== item.price.amount) return [`${item.name} now costs ${item.price.amount}.`]
    return []
  })
  const still = new Set(itemsOf(after).map(({ name }) => name))
  for (const name of known.keys()) if (!still.has(name)) lines.push(`${name} is no longer on the menu.`)
  if (!before.shop.orderingPaused && after.shop.orderingPaused) {
    lines.push('The shop takes no new orders right now. Apologise and ask to call again later.')
  }
  if (before.shop.orderingPaused && !after.shop.orderingPaused) lines.push('The shop takes orders again.')
  const { delayMinutes: delay, waitMinutes: wait } = after.shop
  if (delay > before.shop.delayMinutes) {
    lines.push(`Orders take longer now: about ${wait} minutes. Say so before the caller orders.`)
  } else if (delay < before.shop.delayMinutes) {
    lines.push(
      delay > 0 ? `Orders now take about ${wait} minutes.` : 'Orders take no longer than usual again.',
    )
  }
  return lines.length ? `# The menu has changed during this call\n${lines.join('\n')}` : undefined
}
