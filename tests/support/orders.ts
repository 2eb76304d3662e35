import { expect } from 'vitest'
import type { TestApi } from './api.ts'
import { newId } from './phone-call.ts'

export interface PlacedOrder {
  id: string
  number: string
  status: string
  createdAt: string
}

/** An order placed by an integrator. `key` has the scopes orders:write and orders:read. */
export async function placeOrder(
  api: TestApi,
  key: string,
  drinks: object[] = [{ flavor: 'taro milk tea' }],
): Promise<PlacedOrder> {
  const { data } = await api.ask<{ placeOrder: { order: PlacedOrder } }>(
    `mutation ($input: PlaceOrderInput!, $key: String!) {
      placeOrder(input: $input, idempotencyKey: $key) {
        ... on PlacedOrder { order { id number status createdAt } }
        ... on PlaceOrderRefused { code }
      }
    }`,
    { input: { drinks, phone: '+15551234567', name: 'Ada' }, key: newId('order') },
    key,
  )
  expect(data.placeOrder.order).toBeDefined()
  return data.placeOrder.order
}

export type Move = 'startOrder' | 'markOrderReady' | 'recallOrder' | 'completeOrder' | 'cancelOrder'

export interface Moved {
  __typename: 'Order' | 'OrderMoveRefused'
  status?: string
  code?: string
  message?: string
  order?: { status: string } | null
}

/** Moves an order as staff or as an integrator does. */
export async function move(api: TestApi, as: string, name: Move, id: string): Promise<Moved> {
  const { data } = await api.ask<{ moved: Moved }>(
    `mutation ($id: ID!) {
      moved: ${name}(id: $id) {
        __typename
        ... on Order { status }
        ... on OrderMoveRefused { code message path order { status } }
      }
    }`,
    { id },
    as,
  )
  return data.moved
}
