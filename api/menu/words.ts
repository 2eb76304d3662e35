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

/**
 * What a guest means by some words: the item of that name or alias; else the one item whose name or alias stands
 * in the words ("a large taro milk tea please"), the longest first. Nothing when none or several fit equally.
 */
export function understand<T extends Named>(said: string, items: readonly T[]): T | undefined {
  const text = plain(said)
  if (!text) return undefined
  const exact = items.find(item => wordsOf(item).includes(text))
  if (exact) return exact
  const inside = items
    .map(item => ({
      item,
      length: Math.max(
        0,
        ...wordsOf(item).map(words => (` ${text} `.includes(` ${words} `) ? words.length : 0)),
      ),
    }))
    .filter(({ length }) => length > 0)
    .sort((a, b) => b.length - a.length)
  return inside[0] && inside[0].length > (inside[1]?.length ?? 0) ? inside[0].item : undefined
}

/** ["boba", "egg pudding", "vanilla cream"] → "boba, egg pudding and vanilla cream" */
export function enumerate(words: readonly string[], last = 'and'): string {
  if (words.length < 2) return words[0] ?? ''
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)!}`
}
