import { StartError } from '../../env.ts'
import { changeSettings, settingsOf } from '../shops/change-settings.ts'
import { shopOf } from '../shops/shop-of.ts'
import type { Counter } from './command.ts'

/** The settings, in the words in which `setShop` takes them. */
export async function showShop({ shop }: Counter): Promise<string> {
  return Object.entries(settingsOf(shop))
    .map(([name, value]) => `${name}=${value ?? ''}`)
    .join('\n')
}

/** @param given such as "timezone=America/New_York"; an empty value takes a setting away */
export async function setShop(counter: Counter, given: string[]): Promise<string> {
  const { em, log, shop } = counter
  const names = Object.keys(settingsOf(shop))
  const settings = given.map(text => {
    const [, name = '', value = ''] = /^(\w+)=(.*)$/s.exec(text) ?? []
    if (!name) throw new StartError(`"${text}" is no NAME=VALUE. Put a value with blanks in quotes.`)
    if (!names.includes(name)) {
      throw new StartError(`There is no setting "${name}". There are: ${names.join(', ')}.`)
    }
    return [name, valueOf(name, value)]
  })
  const changed = await changeSettings(em.fork(), log, shop.id, Object.fromEntries(settings))
  if (changed.length === 0) return 'That is how it was already. Nothing was changed.'
  return showShop({ ...counter, shop: await shopOf(em.fork(), shop.id) })
}

function valueOf(name: string, value: string): string | number | null {
  if (name.endsWith('Minutes')) return value === '' ? NaN : Number(value)
  return name === 'phone' && value === '' ? null : value
}
