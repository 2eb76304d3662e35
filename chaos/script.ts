import type { Random } from '../tests/support/random.ts'

const flavors = ['taro milk tea', 'black milk tea']
const toppings = ['boba', 'egg pudding', 'crystal agar boba', 'vanilla cream']
const onCream = 'matcha stencil on top'
const sweetness = ['0%', '25%', '50%', '75%', '100%']
const ice = ['no ice', 'less ice', 'regular ice', 'extra ice']

export interface Drink {
  flavor: string
  toppings: string[]
  addOns: string[]
  sweetness: string
  ice: string
}

/** How an order stands, by what has been asked for. */
export interface State {
  staged: Drink | null
  cart: Drink[]
  /** The drinks that were ordered; null before the first checkout. */
  ordered: Drink[] | null
}

/** One function the agent asks for; each succeeds when those before it have. */
export interface Step {
  name: string
  args: Record<string, unknown>
  /** How the order stands when it is done. */
  after: State
}

export function drinkBy(random: Random): Drink {
  const chosen = toppings.filter(() => random.chance(35))
  return {
    flavor: random.pick(flavors),
    toppings: chosen,
    addOns: chosen.includes('vanilla cream') && random.chance(50) ? [onCream] : [],
    sweetness: random.pick(sweetness),
    ice: random.pick(ice),
  }
}

/** A whole conversation. One in seven callers changes their mind and orders nothing. */
export function scriptBy(random: Random): Step[] {
  const script = new Script(random)
  for (let drinks = 1 + random.below(3); drinks > 0; drinks -= 1) script.drink()
  script.changeMind()
  if (random.chance(15)) return script.steps
  if (random.chance(40)) script.add('save_phone_number', { phone: 'caller id' })
  // What is staged is confirmed by checking out.
  if (random.chance(20)) script.stage()
  script.checkOut()
  if (random.chance(30)) {
    script.drink()
    script.checkOut()
  }
  if (random.chance(50)) script.add('end_call')
  return script.steps
}

class Script {
  readonly steps: Step[] = []
  readonly #random: Random
  #now: State = { staged: null, cart: [], ordered: null }

  constructor(random: Random) {
    this.#random = random
  }

  add(name: string, args: Record<string, unknown> = {}, change: Partial<State> = {}): void {
    this.#now = { ...this.#now, ...change }
    this.steps.push({ name, args, after: this.#now })
  }

  stage(): void {
    const staged = drinkBy(this.#random)
    const { addOns: addons, ...drink } = staged
    this.add('add_to_cart', { ...drink, addons }, { staged })
  }

  drink(): void {
    this.stage()
    if (this.#random.chance(15)) {
      this.add('clear_pending_item', {}, { staged: null })
      this.stage()
    }
    if (this.#random.chance(30)) {
      const change = { sweetness: this.#random.pick(sweetness) }
      this.add('update_pending_item', change, { staged: { ...this.#now.staged!, ...change } })
    }
    this.add('confirm_pending_to_cart', {}, { staged: null, cart: [...this.#now.cart, this.#now.staged!] })
  }

  /** Of drinks that are in the cart. */
  changeMind(): void {
    const { cart } = this.#now
    const index = this.#random.below(cart.length)
    if (cart.length > 1 && this.#random.chance(30)) {
      this.add('remove_from_cart', { index }, { cart: cart.filter((_, at) => at !== index) })
    } else if (this.#random.chance(30)) {
      const change = { ice: this.#random.pick(ice) }
      const changed = cart.map((drink, at) => (at === index ? { ...drink, ...change } : drink))
      this.add('modify_cart_item', { index, ...change }, { cart: changed })
    }
  }

  checkOut(): void {
    const { staged, cart, ordered } = this.#now
    this.add(
      'checkout_order',
      { phone: 'caller id' },
      { staged: null, cart: [], ordered: [...(ordered ?? []), ...cart, ...(staged ? [staged] : [])] },
    )
  }
}
