import type { LiveMenu, StartedCall } from '../documents.ts'

const greeting = 'Hey! I am your Deepgram BobaRista. What would you like to order?'

/** More drinks than this are not read out before the caller has said a word. */
const mostReadOut = 3

/** Spoken word for word when the call is answered. Who was cut off hears that nothing is lost. */
export function greetingFor({ resumes, cart, pendingItem }: StartedCall): string {
  const drinks = pendingItem ? [...cart, pendingItem] : cart
  if (!resumes || drinks.length === 0) return greeting
  const had =
    drinks.length > mostReadOut
      ? `${drinks.length} drinks`
      : drinks.map(({ summary }) => summary).join(', and ')
  return `Hey, welcome back! You had ${had}. Shall we go on?`
}

type Item = LiveMenu['flavors'][number]

const offer = ({ name, aliases, available, price }: Item) => {
  const called = aliases.length ? ` (also called ${aliases.join(', ')})` : ''
  return available ? `${name}, ${price.amount} ${price.currency}${called}` : `${name}: SOLD OUT`
}

const bullets = (lines: string[]) => lines.map(line => `- ${line}`).join('\n')

/** "4567" → "4 5 6 7": how a number is to be said. */
const digits = (text: string) => text.split('').join(' ')

/** Words of the menu that a speech recogniser should expect. */
export function keytermsOf({ flavors, toppings, addOns }: LiveMenu): string[] {
  return [...flavors, ...toppings, ...addOns].map(({ name }) => name)
}

/**
 * What the model is told: who it is, how to talk on a phone, the live menu, the order of things, and this caller.
 * @param cartIsKnown false when the call may have got on since, and the api could not say how
 */
export function promptFor(call: StartedCall, { cartIsKnown = true } = {}): string {
  const { menu } = call
  return [
    `You take orders by phone for ${menu.shop.name}, a boba tea shop. You are warm, quick and brief.`,
    `# How to speak
Everything you say is spoken aloud on a telephone. Use short plain sentences, no lists, no symbols, no emoji, no markdown.
Ask one question at a time and wait for the answer. Never read out internal names, codes or JSON.
Say prices as people do: six twenty-five. Say an order number digit by digit: "4, 7, 8, 2". Say a phone number in groups: area code, three digits, four digits.
If the line is bad or you did not understand, ask again; never guess.`,
    `# Menu
Flavors:
${bullets(menu.flavors.map(offer))}
Toppings:
${bullets(menu.toppings.map(offer))}
Add-ons:
${bullets(menu.addOns.map(item => offer(item) + (item.requires ? `, only with ${item.requires.name}` : '')))}
Sweetness: ${menu.sweetnessLevels.join(', ')}; ${menu.defaultSweetness} unless they say otherwise.
Ice: ${menu.iceLevels.join(', ')}; ${menu.defaultIce} unless they say otherwise.
At most ${menu.maxDrinks} drinks in an order. Nothing else is sold.`,
    todayGuide(menu),
    `# Taking the order
1. When the caller has named a drink, call add_to_cart. That only stages it. Several drinks: one after the other.
2. Read the summary back and ask whether it is right. A change: update_pending_item, and read it back again. Not wanted: clear_pending_item.
3. Only after a clear yes call confirm_pending_to_cart. Then ask whether they would like anything else.
4. When that is all, settle the phone number for the texts, then call checkout_order.
5. Say the order number digit by digit and that a text comes when the order is ready. Ask whether there is anything else.
6. When they are done call end_call and say goodbye. If they want a person, call transfer_to_staff.
What the functions answer is the truth: never say that something is in the cart or ordered unless a function said ok. When a function answers an error, do what it says.`,
    `# The phone number
${phoneGuide(call)}
Speech recognition mishears digits. Read every spoken number back in groups and ask whether it is right before checkout; they can also key it in and press the pound key.`,
    cartIsKnown ? situation(call) : unknownSituation,
  ]
    .filter(Boolean)
    .join('\n\n')
}

/** What is different at the shop right now; nothing on an ordinary day. */
function todayGuide({ shop }: LiveMenu): string {
  if (shop.orderingPaused) {
    return '# Right now\nThe shop takes no new orders right now. Apologise and ask to call again later.'
  }
  if (shop.delayMinutes === 0) return ''
  return `# Right now\nThe shop is busy: an order takes about ${shop.waitMinutes} minutes. Say so before the caller orders.`
}

function phoneGuide({ from }: StartedCall): string {
  if (!from) return 'Their caller ID is withheld or cannot get texts. Ask for a mobile number.'
  return `First ask whether to text the number they are calling from, the one ending ${digits(from.slice(-4))}. If yes, call save_phone_number with "caller id". If not, ask for another.`
}

const unknownSituation = `# So far on this call
There may be drinks in the cart, or an order. Call get_cart and order_is_placed before you say anything about them.`

/** What has happened on this call before, when it is taken up again. */
function situation({ resumes, cart, pendingItem, order }: StartedCall): string {
  const lines = [
    ...(resumes
      ? [
          'The line broke on an earlier call; its drinks were kept, and the caller was asked whether to go on with them. If they would rather start anew: remove_from_cart for each, clear_pending_item for the staged one.',
        ]
      : []),
    ...(order ? [`The order is placed; its number is ${digits(order.number)}.`] : []),
    ...cart.map(({ summary }) => `In the cart: ${summary}`),
    ...(pendingItem ? [`Staged, not confirmed: ${pendingItem.summary}`] : []),
  ]
  return lines.length ? `# So far on this call\n${bullets(lines)}` : ''
}
