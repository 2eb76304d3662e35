/** Something a guest may mean, with the other words for it. */
export interface Named {
  name: string
  aliases: readonly string[]
}

/** "Egg  Puddings!" → "egg pudding": case, punctuation, white space and plural endings do not count. */
export function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}%]+/gu, ' ')
    .trim()
    .split(' ')
    .map(word => (word.length > 3 && /[^s]s$/.test(word) ? word.slice(0, -1) : word))
    .join(' ')
}

const wordsOf = (item: Named) => [item.name, ...item.aliases].map(plain)

/** Words around a name that change nothing about it. What is not among them may well mean another drink. */
const filler = new Set(
  `a an the one of with some more extra add added topping on top please large regular medium small cup glass drink
  flavor flavored iced fresh i want would like ll have get me`.split(/\s+/),
)

/** How much of what was said is a name of the item, in characters; 0 when something else was said as well. */
function likeness(text: string, item: Named): number {
  const lengths = wordsOf(item).map(name => {
    const [before, after, again] = ` ${text} `.split(` ${name} `)
    if (after === undefined || again !== undefined) return 0
    const rest = `${before!} ${after}`.split(' ').filter(word => word !== '')
    return rest.every(word => filler.has(word)) ? name.length : 0
  })
  return Math.max(0, ...lengths)
}

/**
 * What a guest means by some words: the item of that name or alias; else the one item whose name or alias stands
 * among words that change nothing ("a large taro milk tea please"), the longest first. Nothing when none or several
 * fit equally, or when something else was said too: "mango milk tea" is no milk tea.
 */
export function understand<T extends Named>(said: string, items: readonly T[]): T | undefined {
  const text = plain(said)
  if (!text) return undefined
  const exact = items.find(item => wordsOf(item).includes(text))
  if (exact) return exact
  const [best, second] = items
    .map(item => ({ item, length: likeness(text, item) }))
    .filter(({ length }) => length > 0)
    .sort((a, b) => b.length - a.length)
  return best && best.length > (second?.length ?? 0) ? best.item : undefined
}

/** ["boba", "egg pudding", "vanilla cream"] → "boba, egg pudding and vanilla cream" */
export function enumerate(words: readonly string[], last = 'and'): string {
  if (words.length < 2) return words[0] ?? ''
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)!}`
}
