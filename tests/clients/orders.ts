import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { TestApi } from '../support/api.ts'

/** A drink as an integrator asks for it. */
export interface Drink {
  flavor: string
  toppings?: string[]
  addOns?: string[]
  sweetness?: string
  ice?: string
}

export interface Placed {
  id: string
  number: string
}

export type Move = 'startOrder' | 'markOrderReady' | 'recallOrder' | 'completeOrder' | 'cancelOrder'

/** Another program that orders at the shop and works on its orders, by GraphQL. */
export interface Integrator {
  place(order?: { drinks?: Drink[]; phone?: string; name?: string }): Promise<Placed>
  move(order: Placed, move: Move): Promise<void>
}

export const taro: Drink = { flavor: 'taro milk tea' }

export async function integrator(api: TestApi): Promise<Integrator> {
  const key = await api.key('orders:read', 'orders:write')
  return {
    async place({ drinks = [taro], phone = '+15551234567', name } = {}) {
      const { data } = await api.ask<{ result: { order?: Placed; message?: string } }>(
        `mutation ($input: PlaceOrderInput!, $key: String!) {
          result: placeOrder(input: $input, idempotencyKey: $key) {
            ... on PlacedOrder { order { id number } }
            ... on PlaceOrderRefused { message }
          }
        }`,
        { input: { drinks, phone, name }, key: randomUUID() },
        key,
      )
      expect(data.result.message).toBeUndefined()
      return data.result.order!
    },
    async move({ id }, move) {
      const { data } = await api.ask<{ result: { __typename: string } }>(
        `mutation ($id: ID!) { result: ${move}(id: $id) { __typename } }`,
        { id },
        key,
      )
      expect(data.result.__typename).toBe('Order')
    },
  }
}
