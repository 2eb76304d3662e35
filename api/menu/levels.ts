import { plain } from './words.ts'

/** How sweet a drink can be. */
export const sweetnessLevels = ['0%', '25%', '50%', '75%', '100%'] as const
export const defaultSweetness = '50%'

/** How much ice goes into it. */
export const iceLevels = ['no ice', 'less ice', 'regular ice', 'extra ice'] as const
export const defaultIce = 'regular ice'

/** At most so many drinks in an order. */
export const maxDrinks = 10

const sweetnessWords: Record<string, string> = {
  'no sugar': '0%',
  unsweetened: '0%',
  'not sweet': '0%',
  'zero sugar': '0%',
  none: '0%',
  zero: '0%',
  no: '0%',
  quarter: '25%',
  'quarter sweet': '25%',
  'a quarter': '25%',
  'less sweet': '25%',
  'less sugar': '25%',
  'twenty five': '25%',
  half: '50%',
  'half sweet': '50%',
  'half sugar': '50%',
  fifty: '50%',
  regular: defaultSweetness,
  normal: defaultSweetness,
  default: defaultSweetness,
  standard: defaultSweetness,
  'three quarter': '75%',
  'seventy five': '75%',
  full: '100%',
  'full sweet': '100%',
  'full sugar': '100%',
  hundred: '100%',
  'one hundred': '100%',
}

const iceWords: Record<string, string> = {
  no: 'no ice',
  none: 'no ice',
  without: 'no ice',
  zero: 'no ice',
  'without ice': 'no ice',
  '0': 'no ice',
  '0%': 'no ice',
  less: 'less ice',
  light: 'less ice',
  little: 'less ice',
  'a little': 'less ice',
  easy: 'less ice',
  low: 'less ice',
  regular: defaultIce,
  normal: defaultIce,
  default: defaultIce,
  standard: defaultIce,
  medium: defaultIce,
  ice: defaultIce,
  extra: 'extra ice',
  more: 'extra ice',
  'lot of': 'extra ice',
  'a lot of': 'extra ice',
  full: 'extra ice',
}

/** "50", "50 percent", "half sweet", "50% sweetness" → "50%"; undefined when it is no level we make. */
export function sweetnessOf(said: string): string | undefined {
  // A model that was told "50 %" may send the fraction 0.5.
  const fraction = /^\s*0?\.\d+\s*$/.test(said) ? `${Number(said) * 100}` : said
  const text = plain(fraction.replace(/\bper ?cent\b/gi, '%'))
  const level = text.replace(/ (sweetness|sweet|sugar)$/, '')
  const number = /^(\d+) ?%?$/.exec(level)?.[1]
  return (
    sweetnessLevels.find(each => number !== undefined && each === `${Number(number)}%`) ??
    sweetnessWords[text] ??
    sweetnessWords[level]
  )
}

/** "less", "light ice", "no ice please" → "less ice", "less ice", "no ice"; undefined when it is no level we make. */
export function iceOf(said: string): string | undefined {
  const text = plain(said).replace(/ please$/, '')
  return iceLevels.find(level => level === text) ?? iceWords[text] ?? iceWords[text.replace(/ ice$/, '')]
}
