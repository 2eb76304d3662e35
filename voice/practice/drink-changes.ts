import type { AnsweredDrink } from './answers.ts'
import { type DrinkWords, plain } from './drink-words.ts'
import type { MenuWords } from './menu-words.ts'

/** A list without one item. */
export const without = (list: readonly string[], item: string) => list.filter(each => each !== item)

/** Whether what is said is all of it: "just boba". */
export const saysOnly = (text: string) => /\b(?:only|just)\b/.test(plain(text))

/** Arguments of add_to_cart. */
export function argsOf({ flavor, toppings, addons, sweetness, ice }: DrinkWords): Record<string, unknown> {
  return {
    flavor,
    ...(toppings.length > 0 && { toppings }),
    ...(addons.length > 0 && { addons }),
    sweetness,
    ice,
  }
}

/** Arguments that change a drink; lists are always the whole list. */
export function changesOf(now: AnsweredDrink | undefined, drink: DrinkWords, only: boolean) {
  const { flavor, sweetness, ice } = drink
  const extras = [...drink.toppings, ...drink.addons, ...drink.without]
  const listed = (had: string[], wanted: string[]) => [
    ...new Set([...(only ? [] : had.filter(each => !drink.without.includes(each))), ...wanted]),
  ]
  return {
    ...(flavor !== undefined && { flavor }),
    ...((extras.length > 0 || only) && {
      toppings: listed(now?.toppings ?? [], drink.toppings),
      addons: listed(now?.addons ?? [], drink.addons),
    }),
    ...(sweetness !== undefined && { sweetness }),
    ...(ice !== undefined && { ice }),
  }
}

/** A drink named in two goes: "boba and cream, please" — "with what?" — "taro". */
export function merged(before: DrinkWords, now: DrinkWords): DrinkWords {
  return {
    flavor: now.flavor ?? before.flavor,
    toppings: [...new Set([...before.toppings, ...now.toppings])].filter(each => !now.without.includes(each)),
    addons: [...new Set([...before.addons, ...now.addons])].filter(each => !now.without.includes(each)),
    without: [],
    sweetness: now.sweetness ?? before.sweetness,
    ice: now.ice ?? before.ice,
    times: now.flavor === undefined ? before.times : now.times,
  }
}

/** What is left of a refused drink: only what the menu has. */
export function knownPart(drink: DrinkWords, menu: MenuWords): DrinkWords {
  const known = (items: { name: string }[], said: string) => items.some(({ name }) => name === said)
  return {
    ...drink,
    ...(drink.flavor !== undefined && !known(menu.flavors, drink.flavor) && { flavor: undefined }),
    toppings: drink.toppings.filter(each => known(menu.toppings, each)),
    addons: drink.addons.filter(each => known(menu.addons, each)),
  }
}
