import { plain } from './drink-words.ts'

/** What a caller wants, as far as it does not depend on the menu. */
export type Intent =
  | 'person'
  | 'goodbye'
  | 'repeat'
  | 'orderNumber'
  | 'status'
  | 'cart'
  | 'prices'
  | 'menu'
  | 'thisNumber'
  | 'number'
  | 'remove'
  | 'neverMind'
  | 'done'
  | 'yes'
  | 'no'

/** Several may stand in one sentence: "yes, that's all". */
const patterns: Record<Intent, RegExp> = {
  person: /\b(?:person|human|staff|someone|somebody|manager|employee|operator|representative)\b/,
  goodbye: /\b(?:bye|goodbye|good bye|hang up|see you|have a (?:nice|good) (?:day|one))\b/,
  repeat:
    /\b(?:repeat (?:that|it|please)|say (?:that|it) again|pardon|didn't (?:catch|hear|get) (?:that|it)|what did you say)\b/,
  orderNumber: /\b(?:what(?:'s| is| was) (?:my|the) (?:order )?number|did (?:my|the) order go through)\b/,
  status:
    /\b(?:is (?:my|the|it|our|that) ?(?:order|drinks?)?.*(?:ready|done|finished)|where(?:'s| is) (?:my|the|our)? ?(?:order|drinks?)|status|how long)\b/,
  cart: /\b(?:(?:my|the) cart|what(?:'s| is| do i have) (?:in )?(?:my|the) order|what (?:have i|did i) order(?:ed)?|so far|(?:my|the|in) total|read (?:it|that|my order|the order) back)\b/,
  prices: /\b(?:how much|prices?|costs?)\b/,
  menu: /\b(?:menu|what (?:do you|have you|can i|else do you|kinds?|flavou?rs?|toppings?|drinks?|teas?|add ons?)\b.*|recommend)/,
  thisNumber:
    /\b(?:(?:this|same|that|my current|caller id)(?: phone)? number|(?:number|phone|one) i(?:'m| am) calling (?:from|on)|this (?:phone|one)|caller id)\b/,
  number: /(?:\d[\d ,+#-]*){7,}|\b(?:my|the) (?:phone |mobile |cell )?number is\b/,
  remove: /\b(?:remove|delete|drop|cancel|get rid of|take (?:(?:out|off|away)|.* (?:out|off|away)))\b/,
  neverMind:
    /\b(?:never ?mind|forget (?:it|that|about it)|cancel (?:it|that)|scratch that|don't want (?:it|that))\b/,
  done: /\b(?:that(?:'s| is|'ll be| will be| would be)? (?:all|it|everything)|nothing(?: else| more)?|no more|i'm (?:done|good|all set)|i am (?:done|good)|all set|check ?out|place (?:the|my|an) order|finish)\b/,
  yes: /^(?:(?:oh|um|uh|ah) ,? ?)?(?:yes|yeah|yep|yup|sure|correct|right|exactly|perfect|great|ok|okay|please do|go ahead|sounds good|looks good|that(?:'s| is) (?:right|correct|it|good|fine|perfect)|it is|i do)\b/,
  no: /^(?:(?:oh|um|uh|ah) ,? ?)?(?:no|nope|nah|not|wrong|incorrect|that(?:'s| is) (?:wrong|not))\b/,
}

/** Everything a caller says in a sentence that can be told without the menu. */
export function intentsOf(said: string): Set<Intent> {
  const text = plain(said)
  const found = (Object.keys(patterns) as Intent[]).filter(intent => patterns[intent].test(text))
  return new Set(found)
}

const ordinals = [
  'first',
  'second',
  'third',
  'fourth',
  'fifth',
  'sixth',
  'seventh',
  'eighth',
  'ninth',
  'tenth',
]
const counted = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']

/** Which drink a caller means, counted from 0, or the last; "the second one" → 1, "number 3" → 2. */
export function whichOf(said: string): number | 'last' | undefined {
  const text = plain(said)
  const [, ordinal = ''] = /\b(?:the|my|that) (\w+)\b(?= (?:one|drink|tea)|$)/.exec(text) ?? []
  if (ordinal === 'last') return 'last'
  if (ordinals.includes(ordinal)) return ordinals.indexOf(ordinal)
  const [, number] = /\b(?:number|drink|item|#) ?(\d{1,2}|[a-z]+)\b/.exec(text) ?? []
  if (number === undefined) return undefined
  const index = /^\d+$/.test(number) ? Number(number) - 1 : counted.indexOf(number)
  return index >= 0 ? index : undefined
}

const spoken = /\b(?:(?:double |triple )?(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)\b ?){3,}/

/** Whether somebody says digits, in figures or one by one in words. */
export function hasDigits(said: string): boolean {
  return /(?:\d[ ,.()-]*){3,}/.test(said) || spoken.test(plain(said))
}

/** The four digits of an order number in a sentence that holds no longer number. */
export function orderNumberIn(said: string): string | undefined {
  const runs = [...said.matchAll(/\d(?:[ ,.()-]{0,2}\d)*/g)].map(([run]) => run.replace(/\D/g, ''))
  return runs.every(run => run.length <= 4) ? runs.find(run => run.length === 4) : undefined
}
