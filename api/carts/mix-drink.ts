import { iceOf, sweetnessOf } from '../menu/levels.ts'
import { type Menu, offered } from '../menu/menu.ts'
import type { MenuItem } from '../menu/menu-item.entity.ts'
import { enumerate, understand } from '../menu/words.ts'
import { minorUnits, money } from '../money.ts'
import type { Drink, DrinkChangesInput, DrinkInput } from './drink.ts'
import { refuse } from './refusal.ts'

const given = (text: string | null | undefined): text is string => text != null && text.trim() !== ''

/** "none", "no toppings", "without boba": nothing, when a language model or a guest puts it in a list. */
const meansNothing = (said: string) =>
  /^(?:[,;&+\s]*|(?:no|not|without)\b[^]*|none|nothing|null|n\/a)$/i.test(said.trim())

/**
 * "boba and egg pudding" is two, unless the menu has something of that name. The menu comes first, so that its "no-sugar
 * jelly" is no jelly left out.
 * @param spoken whether what means nothing adds nothing; else it stays, to be refused
 */
function apart(said: string, extras: readonly MenuItem[], spoken: boolean): string[] {
  if (understand(said, extras)) return [said]
  const parts = said.split(/[,;&+]|\b(?:and|plus|with)\b/i).filter(given)
  const [first = said, ...rest] = parts
  // "No boba and egg pudding" wants neither.
  if (spoken && meansNothing(said) && !understand(first, extras)) return []
  return [first, ...rest].filter(part => !(spoken && meansNothing(part) && !understand(part, extras)))
}

/** @throws Refusal SOLD_OUT naming what else there is */
function available(item: MenuItem, others: readonly MenuItem[], path: string[]): MenuItem {
  if (item.available) return item
  const rest = enumerate(offered(others).map(other => other.name))
  const instead = rest ? `We still have ${rest}.` : 'Nothing like it is left.'
  return refuse(
    'SOLD_OUT',
    `${item.name} is sold out right now. ${instead}`,
    path,
    rest ? 'Offer one of these.' : 'Say so.',
  )
}

function flavorOf(menu: Menu, said: string | null | undefined): MenuItem {
  const path = ['flavor']
  const names = enumerate(
    offered(menu.flavors).map(item => item.name),
    'or',
  )
  if (!given(said)) {
    return refuse('FLAVOR_NEEDED', `Which drink? We have ${names}.`, path, 'Ask the caller.')
  }
  const flavor =
    understand(said, menu.flavors) ??
    refuse('UNKNOWN_FLAVOR', `We have no "${short(said)}". The drinks are ${names}.`, path, 'Ask which one.')
  return available(flavor, menu.flavors, path)
}

/**
 * Toppings and add-ons are told apart by the menu: a model may put either in either list.
 * @returns each with its place in the input
 */
function extrasOf(menu: Menu, input: DrinkInput, spoken: boolean): Map<MenuItem, string[]> {
  const extras = [...menu.toppings, ...menu.addOns]
  const found = new Map<MenuItem, string[]>()
  for (const [list, first] of [
    ['toppings', menu.toppings],
    ['addOns', menu.addOns],
  ] as const) {
    for (const [index, entry] of (input[list] ?? []).entries()) {
      const path = [list, String(index)]
      for (const said of apart(entry, extras, spoken)) {
        const item = understand(said, first) ?? understand(said, extras)
        if (!item) {
          const topping = enumerate(offered(menu.toppings).map(each => each.name))
          const addOn = enumerate(offered(menu.addOns).map(each => each.name))
          return refuse(
            list === 'toppings' ? 'UNKNOWN_TOPPING' : 'UNKNOWN_ADD_ON',
            `We have no "${short(said)}". Toppings are ${topping}${addOn && `; add-ons: ${addOn}`}.`,
            path,
            'Ask what they would like instead.',
          )
        }
        // A model repeats itself. A program that asks for two of a thing would be given, and pay for, one.
        if (found.has(item) && !spoken) {
          refuse(
            'NAMED_TWICE',
            `${item.name} is named twice, and a drink holds it once. Leave one of the two out.`,
            path,
          )
        }
        const alike = menu.toppings.includes(item) ? menu.toppings : menu.addOns
        found.set(available(item, alike, path), path)
      }
    }
  }
  return found
}

const short = (said: string) => (said.length > 60 ? `${said.slice(0, 60)}…` : said)

/**
 * Understands a drink by the live menu, checks what goes together, and prices it.
 * @param spoken whether the words are those of a language model, and "no toppings" may stand in a list
 * @throws Refusal with what is on offer or which rule was broken
 */
export function mixDrink(menu: Menu, input: DrinkInput, { spoken = true } = {}): Drink {
  const flavor = flavorOf(menu, input.flavor)
  const extras = extrasOf(menu, input, spoken)
  const toppings = menu.toppings.filter(item => extras.has(item))
  const addOns = menu.addOns.filter(item => extras.has(item))
  for (const addOn of addOns) {
    if (addOn.requires && !extras.has(addOn.requires)) {
      refuse(
        'ADD_ON_NEEDS_TOPPING',
        `${addOn.name} needs ${addOn.requires.name}.`,
        extras.get(addOn),
        `Ask whether to add ${addOn.requires.name} or to leave ${addOn.name} out.`,
      )
    }
  }
  const sweetness = given(input.sweetness) ? sweetnessOf(input.sweetness) : menu.defaultSweetness
  if (!sweetness) {
    const levels = enumerate(menu.sweetnessLevels, 'or')
    refuse('UNKNOWN_SWEETNESS', `Sweetness can be ${levels}.`, ['sweetness'], 'Ask which one.')
  }
  const ice = given(input.ice) ? iceOf(input.ice) : menu.defaultIce
  if (!ice) {
    refuse('UNKNOWN_ICE', `Ice can be ${enumerate(menu.iceLevels, 'or')}.`, ['ice'], 'Ask which one.')
  }
  const priceMinor = [flavor, ...toppings, ...addOns].reduce((sum, item) => sum + item.priceMinor, 0)
  const drink = {
    flavor: flavor.name,
    toppings: toppings.map(item => item.name),
    addOns: addOns.map(item => item.name),
    sweetness,
    ice,
    price: money(priceMinor, menu.shop.currency),
  }
  return { ...drink, summary: describe(drink) }
}

/**
 * The drink with the changes given; what is not given stays.
 * @throws Refusal as mixDrink
 */
export function changeDrink(menu: Menu, drink: Drink, changes: DrinkChangesInput): Drink {
  return mixDrink(menu, {
    flavor: given(changes.flavor) ? changes.flavor : drink.flavor,
    toppings: changes.toppings ?? drink.toppings,
    addOns: changes.addOns ?? drink.addOns,
    sweetness: given(changes.sweetness) ? changes.sweetness : drink.sweetness,
    ice: given(changes.ice) ? changes.ice : drink.ice,
  })
}

/** "one taro milk tea with boba and vanilla cream, matcha stencil on top, 50% sweet, regular ice" */
export function describe({
  flavor,
  toppings,
  addOns,
  sweetness,
  ice,
}: Omit<Drink, 'summary' | 'price'>): string {
  const withToppings = toppings.length ? ` with ${enumerate(toppings)}` : ''
  return [`one ${flavor}${withToppings}`, ...addOns, `${sweetness} sweet`, ice].join(', ')
}

/** What drinks cost together, in minor units. */
export function sumOf(drinks: readonly Drink[]): number {
  return drinks.reduce((sum, { price }) => sum + minorUnits(price.amount, price.currency), 0)
}
