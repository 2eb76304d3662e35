import type { TestApi } from '../support/api.ts'
import { phoneCall } from '../support/phone-call.ts'
import { reports } from './calls.ts'
import { integrator, taro } from './orders.ts'
import { minutesAgo } from './screen.ts'

/** What happens in each hour: orders by programs, calls that order, calls that break off with a drink. */
const hours: [hour: number, programs: number, ordering: number, breakingOff: number][] = [
  [11, 1, 0, 0],
  [12, 2, 2, 1],
  [13, 1, 3, 0],
  [15, 2, 1, 1],
  [16, 3, 3, 0],
  [18, 0, 1, 0],
]

/** The numbers of the day that was played. */
export interface PlayedDay {
  /** "2026-11-24" */
  date: string
  orders: number
  drinks: number
  calls: number
  ordered: number
  abandoned: number
  /** Seconds from placed to ready, of each order. */
  preparation: number[]
}

/** Lets a shop have had a day: yesterday, by its clock. */
export async function playYesterday(api: TestApi, timezone = 'America/Los_Angeles'): Promise<PlayedDay> {
  const key = await api.key('calls:write')
  const { place, move } = await integrator(api)
  const { end } = reports(api, key)
  const now = Temporal.Now.zonedDateTimeISO(timezone)
  const yesterday = now.subtract({ days: 1 }).toPlainDate()
  const at = <T>(hour: number, minute: number, work: () => Promise<T>) => {
    const moment = yesterday.toZonedDateTime({ timeZone: timezone, plainTime: { hour, minute } })
    return minutesAgo(now.since(moment).total('minutes'), work)
  }

  const day: PlayedDay = {
    ...{ date: yesterday.toString(), orders: 0, drinks: 0, calls: 0, ordered: 0, abandoned: 0 },
    preparation: [],
  }
  let minute = 0
  async function made(hour: number, id: string, drinks: number): Promise<void> {
    const took = 3 + (day.orders % 7) + (hour % 3)
    await at(hour, minute + took, () => move({ id, number: '' }, 'markOrderReady'))
    day.orders += 1
    day.drinks += drinks
    day.preparation.push(took * 60)
  }
  async function call(hour: number, orders: boolean): Promise<void> {
    await at(hour, minute, async () => {
      const { id, run } = await phoneCall(api, key, { from: `+1555123${1000 + day.calls}` })
      await run('addToCart', { drink: { flavor: 'taro', toppings: ['boba'] } })
      if (orders) await run('checkoutOrder', { phone: 'caller id' })
      await end(id, orders ? 'GOODBYE' : 'CALLER_HUNG_UP')
    })
    day.calls += 1
  }
  for (const [hour, programs, ordering, breakingOff] of hours) {
    minute = 5
    for (let nth = 0; nth < programs; nth += 1, minute += 2) {
      const drinks = Array.from({ length: 1 + (nth % 3) }, () => taro)
      await made(hour, (await at(hour, minute, () => place({ drinks }))).id, drinks.length)
    }
    for (let nth = 0; nth < ordering; nth += 1, minute += 2) {
      await call(hour, true)
      day.ordered += 1
      await made(hour, await newestOrder(api), 1)
    }
    for (let nth = 0; nth < breakingOff; nth += 1, minute += 2) {
      await call(hour, false)
      day.abandoned += 1
    }
  }
  return day
}

async function newestOrder(api: TestApi): Promise<string> {
  const { data } = await api.ask<{ orders: { nodes: { id: string }[] } }>(
    '{ orders(first: 1) { nodes { id } } }',
    {},
    await api.key('orders:read'),
  )
  return data.orders.nodes[0]!.id
}
