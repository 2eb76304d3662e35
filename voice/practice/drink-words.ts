import type { MenuWords, Named } from './menu-words.ts'

/** What a caller said about one drink; names are the menu's where it knows them, else the caller's own. */
export interface DrinkWords {
  flavor?: string
  toppings: string[]
  addons: string[]
  /** Toppings and add-ons it shall not have. */
  without: string[]
  sweetness?: string
  ice?: string
  /** How many of this drink. */
  times: number
}

type Kind = 'flavor' | 'topping' | 'addon'

/** One piece of a sentence: a word, a comma, something of the menu, or a level of sweetness or ice. */
type Piece =
  { is: 'word'; text: string } | { is: Kind; text: string } | { is: 'sweetness' | 'ice'; text: string }

const numbers = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']

const sweetness =
  /\b(?:\d{1,3} ?(?:%|percent\b)(?: (?:sweet(?:ness)?|sugar)\b)?|(?:no|zero|quarter|half|three quarters?|full|less|regular|normal|standard) (?:sweet(?:ness)?|sugar)\b|unsweetened\b|not sweet\b)/
const ice =
  /\b(?:no|zero|less|light|a little|little|easy|regular|normal|standard|extra|more|full|a lot of|without) ice\b/

/** Words that ask for something. */
const request =
  /^(?:i would like|i'd like|i'd love|i want|i'll have|i'll take|i'll get|i will have|i'm looking for|can i (?:get|have|order)|could i (?:get|have)|may i have|let me (?:get|have)|give me|get me|make me|do you have|order)\b/

const fillers = new Set(
  `a an the some any to of in on it that this these those for my me i please also too and or with plus add have get
  order ordering just only actually then so well um uh hi hello hey yes yeah yep no okay ok sure thanks thank you one
  drink drinks something thing cup tea's make change put instead rather be is as another more extra top could can
  would like want i'd i'll let's`.split(/\s+/),
)

/** Plural endings and case do not count: "Puddings" is "pudding". */
const fold = (word: string) => (word.length > 3 && /[^s]s$/.test(word) ? word.slice(0, -1) : word)

/** "I’d like TWO, please!" → "i'd like two , please": words and commas, one space between them. */
export function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('’', "'")
    .replace(/[^\p{L}\p{N}%'+#,]+/gu, ' ')
    .replace(/,/g, ' , ')
    .replace(/\s+/g, ' ')
    .trim()
}

/** Cuts a sentence into pieces, the longest name first: in "crystal boba" there is no boba. */
function piecesOf(text: string, menu: MenuWords): Piece[] {
  const names = [
    ...phrasesOf(menu.flavors, 'flavor'),
    ...phrasesOf(menu.toppings, 'topping'),
    ...phrasesOf(menu.addons, 'addon'),
  ].sort((a, b) => b.words.length - a.words.length)

  const level = [sweetness, ice]
    .map((pattern, at) => ({
      match: pattern.exec(text),
      is: at === 0 ? ('sweetness' as const) : ('ice' as const),
    }))
    .filter(({ match }) => match !== null)
    .sort((a, b) => a.match!.index - b.match!.index)[0]
  if (level) {
    const { index, 0: said } = level.match!
    return [
      ...piecesOf(text.slice(0, index), menu),
      { is: level.is, text: said },
      ...piecesOf(text.slice(index + said.length), menu),
    ]
  }

  const words = text.split(' ').filter(Boolean)
  const pieces: Piece[] = []
  for (let at = 0; at < words.length;) {
    const found = names.find(name =>
      name.words.every((word, offset) => word === fold(words[at + offset] ?? '')),
    )
    if (found) pieces.push({ is: found.is, text: found.name })
    else pieces.push({ is: 'word', text: words[at]! })
    at += found?.words.length ?? 1
  }
  return pieces
}

function phrasesOf(items: Named[], is: Kind): { is: Kind; name: string; words: string[] }[] {
  return items.flatMap(({ name, aliases }) =>
    [name, ...aliases].map(phrase => ({ is, name, words: plain(phrase).split(' ').map(fold) })),
  )
}

/** What a caller said about drinks, in order; none when nothing of it is about a drink. */
export function readDrinks(said: string, menu: MenuWords): DrinkWords[] {
  const text = plain(said)
  const pieces = piecesOf(text, menu)
  const drinks = split(pieces).map(drinkOf)
  const [first] = drinks
  if (first && first.flavor === undefined) first.flavor = unknownFlavor(text, menu)
  return drinks.filter(isAboutADrink)
}

/** Each flavor after the first begins a new drink, unless it takes the place of another ("instead of taro"). */
function split(pieces: Piece[]): Piece[][] {
  const drinks: Piece[][] = [[]]
  for (const [at, piece] of pieces.entries()) {
    const instead = wordBefore(pieces, at) === 'of'
    if (piece.is === 'flavor' && !instead && drinks.at(-1)!.some(({ is }) => is === 'flavor')) {
      // How many there shall be stands before the flavor.
      const many = countBefore(pieces, at) === undefined ? [] : [drinks.at(-1)!.pop()!]
      drinks.push(many)
    }
    if (!(piece.is === 'flavor' && instead)) drinks.at(-1)!.push(piece)
  }
  return drinks
}

const wordBefore = (pieces: Piece[], at: number): string | undefined => {
  const before = pieces[at - 1]
  return before?.is === 'word' ? before.text : undefined
}

function countBefore(pieces: Piece[], at: number): number | undefined {
  const word = wordBefore(pieces, at) ?? ''
  const count = /^\d{1,2}$/.test(word) ? Number(word) : numbers.indexOf(word) + 1
  return count > 0 ? count : undefined
}

function drinkOf(pieces: Piece[]): DrinkWords {
  const drink: DrinkWords = { toppings: [], addons: [], without: [], times: 1 }
  for (const [at, piece] of pieces.entries()) {
    switch (piece.is) {
      case 'flavor':
        drink.flavor = piece.text
        drink.times = countBefore(pieces, at) ?? 1
        break
      case 'topping':
      case 'addon':
        if (isUnwanted(pieces, at)) drink.without.push(piece.text)
        else drink[piece.is === 'topping' ? 'toppings' : 'addons'].push(piece.text)
        break
      case 'sweetness':
      case 'ice':
        drink[piece.is] = piece.text
        break
    }
  }
  drink.toppings.push(...unknownExtras(pieces))
  return drink
}

/** "no boba", "without the boba", "instead of boba" */
function isUnwanted(pieces: Piece[], at: number): boolean {
  const words = pieces.slice(Math.max(0, at - 2), at).map(piece => (piece.is === 'word' ? piece.text : ','))
  const said = words.join(' ')
  return /(?:^|\s)(?:no|without|hold|skip|remove|minus)(?: the| any)?$/.test(said) || /instead of$/.test(said)
}

/** What stands after "with" or "add" and is not on the menu: the shop has to say so. */
function unknownExtras(pieces: Piece[]): string[] {
  const extras: string[][] = []
  let listing = false
  for (const piece of pieces) {
    if (piece.is !== 'word') {
      // "mango boba" is a mango nobody knows, and boba.
      if (listing) extras.push([])
      continue
    }
    if (piece.text === 'with' || piece.text === 'add') {
      listing = true
      extras.push([])
    } else if (listing && (piece.text === ',' || piece.text === 'and' || piece.text === 'plus'))
      extras.push([])
    else if (listing && !fillers.has(piece.text)) extras.at(-1)!.push(piece.text)
  }
  return extras.filter(words => words.length > 0).map(words => words.join(' '))
}

/** "I'd like a mango smoothie with boba" → "mango smoothie" */
function unknownFlavor(text: string, menu: MenuWords): string | undefined {
  const clause = text
    .split(' , ')
    .map(part => part.replace(/^(?:(?:hi|hello|hey|yes|okay|ok|um|uh|and|then|also|please) )*/, ''))
    .find(part => request.test(part))
  if (!clause) return undefined
  const [wanted = ''] = clause.replace(request, '').split(/ with /)
  const words = piecesOf(wanted, menu).filter(({ is, text }) => is === 'word' && !fillers.has(text))
  const flavor = words.map(({ text }) => text).filter(word => !numbers.includes(word))
  return flavor.length > 0 ? flavor.join(' ') : undefined
}

function isAboutADrink({ flavor, toppings, addons, without, sweetness, ice }: DrinkWords): boolean {
  return Boolean(flavor ?? sweetness ?? ice) || [toppings, addons, without].some(list => list.length > 0)
}
