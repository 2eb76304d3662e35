import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../tests/support/random.ts'
import { Broken } from './broken.ts'
import type { Kills } from './kills.ts'
import { type Drink, drinkBy } from './script.ts'
import type { Shop } from './shop.ts'
import type { Tally } from './tally.ts'

interface Placed {
  order?: { id: string; number: string }
  code?: string
  replayed?: boolean
}

const placeOrder = `mutation ($input: PlaceOrderInput!, $key: String!) {
  placed: placeOrder(input: $input, idempotencyKey: $key) {
    ... on PlacedOrder { replayed order { id number } }
    ... on PlaceOrderRefused { code }
  }
}`

/** Another program that places one order, and asks until it is answered. */
export class Integrator {
  readonly #shop: Shop
  readonly #kills: Kills
  readonly #tally: Tally
  readonly #key = randomUUID()
  readonly #pause: number
  readonly #twice: boolean
  readonly drinks: Drink[]
  readonly phone: string
  order!: { id: string; number: string }

  constructor(shop: Shop, random: Random, kills: Kills, tally: Tally) {
    this.#shop = shop
    this.#kills = kills
    this.#tally = tally
    this.#pause = random.below(1_500)
    this.#twice = random.chance(50)
    this.drinks = Array.from({ length: 1 + random.below(3) }, () => drinkBy(random))
    this.phone = shop.newNumber()
  }

  async play(): Promise<void> {
    await delay(this.#pause)
    await Promise.all([this.#place(), ...(this.#twice ? [this.#place()] : [])])
  }

  /** The same key once more. */
  async repeat(): Promise<void> {
    if (!(await this.#place()).replayed) throw new Broken('a repeated idempotency key placed another order')
  }

  async #place(): Promise<Placed> {
    const input = { drinks: this.drinks, phone: this.phone }
    const asking = this.#shop.ask<{ placed: Placed }>(placeOrder, { input, key: this.#key })
    this.#tally.add('orders placed by key, with repeats')
    this.#kills.reached('staff or an integrator asked')
    const { placed } = await asking
    if (!placed.order) throw new Broken(`placeOrder answered ${placed.code}`)
    this.order ??= placed.order
    if (this.order.id !== placed.order.id) throw new Broken('one idempotency key has placed two orders')
    return placed
  }
}
