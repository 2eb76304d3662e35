import type { Order } from './documents.ts'

/** How many of something there are to prepare. */
export interface Count {
  name: string
  count: number
}

/** What all cups that are not done yet need together, the most first. */
export function countCups(orders: readonly Order[]): { drinks: Count[]; extras: Count[] } {
  const drinks = new Map<string, number>()
  const extras = new Map<string, number>()
  const add = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1)
  for (const { status, items } of orders) {
    if (status !== 'RECEIVED' && status !== 'PREPARING') continue
    for (const { doneAt, flavor, toppings, addOns } of items) {
      if (doneAt) continue
      add(drinks, flavor)
      for (const extra of [...toppings, ...addOns]) add(extras, extra)
    }
  }
  return { drinks: mostFirst(drinks), extras: mostFirst(extras) }
}

function mostFirst(counts: Map<string, number>): Count[] {
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || a.name.localeCompare(b.name))
}
