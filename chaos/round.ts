import { setTimeout as delay } from 'node:timers/promises'
import { Random } from '../tests/support/random.ts'
import { Broken } from './broken.ts'
import { ScriptedCall } from './call.ts'
import { checkCalls, checkDatabase, checkLog, checkOrders, checkTexts, ordersSince } from './checks.ts'
import { Integrator } from './integrator.ts'
import { Kills } from './kills.ts'
import type { Shop } from './shop.ts'
import type { Tally } from './tally.ts'

/** Longest time until every text has come to its end, in milliseconds. */
const longestTexting = 60_000
/** Between two looks whether it has, in milliseconds. */
const look = 100

const unsettled = ['QUEUED', 'SENDING', 'UNKNOWN']

/** Some calls at the same time, staff and other programs besides, and one to three deaths. */
export class Round {
  readonly #shop: Shop
  readonly #random: Random
  readonly #tally: Tally
  readonly #kills: Kills
  readonly #calls: ScriptedCall[]
  readonly #integrators: Integrator[]
  readonly #since = new Date()
  readonly #textsBefore: number
  /** Orders that staff have marked ready. */
  readonly #ready = new Set<string>()

  constructor(shop: Shop, seed: number, tally: Tally) {
    // Each of those who act at the same time has numbers of their own, whoever is first.
    let branches = 0
    const branch = () => new Random((seed * 64 + (branches += 1)) * 2_654_435_761)
    this.#shop = shop
    this.#tally = tally
    this.#random = branch()
    this.#kills = new Kills(branch(), shop, tally)
    shop.begin(branch(), this.#kills)
    this.#textsBefore = shop.twilio.total
    this.#calls = Array.from(
      { length: 4 + this.#random.below(3) },
      () => new ScriptedCall(shop, branch(), this.#kills, tally),
    )
    this.#integrators = Array.from(
      { length: 1 + this.#random.below(2) },
      () => new Integrator(shop, branch(), this.#kills, tally),
    )
  }

  /** Who was killed, and when, in words. */
  get deaths(): readonly string[] {
    return this.#kills.done
  }

  /** @throws Broken when something does not hold that was promised */
  async play(): Promise<void> {
    const { subscribers } = this.#shop
    this.#kills.reached('any moment')
    await Promise.all([
      ...this.#calls.map(async call => {
        await call.play()
        // What a caller has asked to add and got no answer for is added when it is asked for again.
        if (call.orderNumber && !call.maybe && this.#random.chance(70))
          await this.#markReady(call.orderNumber)
      }),
      ...this.#integrators.map(async integrator => {
        await integrator.play()
        if (this.#random.chance(70)) await this.#markReady(integrator.order.number)
      }),
      this.#random.chance(50) ? delay(this.#random.below(1_000)).then(() => subscribers.board.drop()) : null,
    ])
    await this.#settle()
    this.#kills.disarm()
    await Promise.all([this.#shop.api.ready(), this.#shop.voice.ready()])
    await checkCalls(this.#shop, this.#calls)

    await Promise.all([
      ...this.#calls.map(call => call.repeatAll()),
      ...this.#integrators.map(integrator => integrator.repeat()),
    ])
    await this.#settle()
    await this.#check()
    await this.#clearAway()
  }

  async #check(): Promise<void> {
    const orders = await ordersSince(this.#shop, this.#since)
    const phoned = await checkCalls(this.#shop, this.#calls)
    checkOrders(orders, phoned, this.#integrators)
    const texts = checkTexts(this.#shop.twilio, orders, this.#ready)
    if (this.#shop.twilio.total - this.#textsBefore !== texts) {
      throw new Broken('Twilio has taken texts that belong to no order of this round')
    }
    await checkLog(this.#shop, orders, this.#ready)
    checkDatabase(this.#shop.database)
    this.#tally.add('orders', orders.length)
    this.#tally.add('texts taken', texts)
    this.#tally.add('texts refused for good', orders.flatMap(each => each.texts).length - texts)
  }

  /** Waits until there is nothing more to do for any text. */
  async #settle(): Promise<void> {
    for (const deadline = Date.now() + longestTexting; ;) {
      const orders = await ordersSince(this.#shop, this.#since)
      const waiting = orders.filter(
        ({ status, texts }) =>
          texts.length < (status === 'READY' ? 2 : 1) || texts.some(text => unsettled.includes(text.status)),
      )
      if (waiting.length === 0) return this.#shop.twilio.silent()
      if (Date.now() > deadline) {
        throw new Broken(`texts are on their way for too long: ${JSON.stringify(waiting)}`)
      }
      await delay(look)
    }
  }

  /** Staff press the button, sometimes two of them at once. */
  async #markReady(number: string): Promise<void> {
    await delay(this.#random.below(300))
    const asking = this.#shop.ask<{ order: { id: string } }>(
      'query ($number: String!) { order(number: $number) { id } }',
      { number },
    )
    this.#kills.reached('staff or an integrator asked')
    const { order } = await asking
    this.#ready.add(order.id)
    const press = () => this.#move('markOrderReady', order.id, 'ORDER_ALREADY_READY')
    await Promise.all([press(), ...(this.#random.chance(30) ? [press()] : [])])
  }

  /** Whoever asked and died, or a colleague, may have been faster. */
  async #move(name: string, id: string, already: string): Promise<void> {
    const moving = this.#shop.ask<{ moved: { code?: string } }>(
      `mutation ($id: ID!) { moved: ${name}(id: $id) { ... on OrderMoveRefused { code } } }`,
      { id },
    )
    this.#kills.reached('staff or an integrator asked')
    const { code } = (await moving).moved
    if (code !== undefined && code !== already) throw new Broken(`${name} answered ${code}`)
  }

  /** Guests get their orders, and the numbers are free again. */
  async #clearAway(): Promise<void> {
    for (const { id, status } of await ordersSince(this.#shop, this.#since)) {
      if (status === 'READY') await this.#move('completeOrder', id, 'ORDER_ALREADY_PICKED_UP')
      else await this.#move('cancelOrder', id, 'ORDER_ALREADY_CANCELLED')
    }
  }
}
