/** Money as the api writes it. */
export interface Price {
  amount: string
  currency: string
}

/** "4782" → "4, 7, 8, 2": how an order number is said. */
export function digitByDigit(digits: string): string {
  return digits.split('').join(', ')
}

/** "+15551234567" → "5 5 5, 1 2 3, 4 5 6 7": how a phone number is read back, the country code of +1 left out. */
export function phoneAloud(e164: string): string {
  const digits = e164.replace(/^\+1(?=\d{10}$)/, '').replace(/\D/g, '')
  const groups =
    digits.length === 10
      ? [digits.slice(0, 3), digits.slice(3, 6), digits.slice(6)]
      : (digits.match(/.{1,3}(?!.$)|.{1,4}$/g) ?? [])
  return groups.map(group => group.split('').join(' ')).join(', ')
}

/** "$12.50" */
export function priceAloud({ amount, currency }: Price): string {
  return new Intl.NumberFormat('en-US', { style: 'currency', currency }).format(Number(amount))
}

/** What a model is told to do next, and what a caller is asked then. The first that fits is used. */
const instructions: [RegExp, string][] = [
  [/^Ask which one\b.*/, 'Which one would you like?'],
  [/^Ask whether to (.*?) or to (.*)\.$/, 'Shall I $1 or $2?'],
  [/^Ask whether (?:they|the caller) (?:would|want)\b.*/, 'Would you like that?'],
  [/^Ask whether to (.*)\.$/, 'Shall I $1?'],
  [/^Ask (?:the caller )?what they would like\b(.*)\.$/, 'What would you like$1?'],
  [/^Ask for it again\b(.*)\.$/, 'Could you say it again$1?'],
  [/^Ask for it\b.*/, 'Could you tell me yours?'],
  [/^Ask for (.*)\.$/, 'Could you tell me $1?'],
  [/^Offer one of these\b.*/, 'Which of these would you like?'],
  [/^Read the cart back and ask which one\b.*/, 'Which one do you mean?'],
  [/^Tell the caller to (.*)\.$/, 'Please $1.'],
  [/^Apologise and ask to (.*)\.$/, 'Please $1.'],
  [/^Apologise\b.*/, 'I am sorry about that.'],
  [/^(?:Ask|Say|Tell|Offer|Read|Stage|Call|Use|Save|Confirm|Try)\b.*/, ''],
]

/** Sentences in a text; "6.25" is none. */
export function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?])\s+/).filter(Boolean)
}

/** Turns an error sentence, written for a language model, into what is said to a caller. */
export function refusalAloud(error: string): string {
  const sentences = sentencesOf(error).map(sentence => {
    const [pattern, said] = instructions.find(([pattern]) => pattern.test(sentence)) ?? []
    const spoken = pattern ? sentence.replace(pattern, said!) : sentence
    return spoken
      .replace(/\bTheir\b/g, 'Your')
      .replace(/\btheir\b/g, 'your')
      .replace(/\bthey\b/g, 'you')
  })
  const told = sentences.filter(Boolean)
  if (!told.some(sentence => sentence.endsWith('?'))) told.push('What would you like to do?')
  return told.map(sentence => sentence.charAt(0).toUpperCase() + sentence.slice(1)).join(' ')
}
