import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import type { TestApi } from './api.ts'

const drink = '{ flavor toppings addOns sweetness ice price { amount currency } summary }'

/** The variables each agent function takes besides `call` and `request`, and what is read of its answer. */
const functions = {
  addToCart: ['$drink: DrinkInput!', `staged summary pendingItem ${drink}`],
  updatePendingItem: ['$changes: DrinkChangesInput!', `staged summary pendingItem ${drink}`],
  confirmPendingToCart: ['', `cartCount item ${drink} cartTotal { amount currency }`],
  clearPendingItem: ['', 'cleared'],
  removeFromCart: ['$index: Int!', `cartCount removed ${drink}`],
  modifyCartItem: ['$index: Int!, $changes: DrinkChangesInput!', `item ${drink} cartTotal { amount }`],
  setSweetnessIce: ['$index: Int, $sweetness: String, $ice: String', `item ${drink} cartTotal { amount }`],
  savePhoneNumber: ['$phone: String!', 'phone'],
  checkoutOrder: [
    '$phone: String, $name: String',
    `orderNumber phone status total { amount currency } items ${drink}`,
  ],
  sayGoodbye: ['', 'intent'],
  transferToStaff: ['$reason: String', 'intent'],
} as const

const questions = {
  menuSummary: ['', 'summary items prices'],
  cart: ['', `cartCount cartTotal { amount currency } items ${drink} pendingItem ${drink}`],
  orderIsPlaced: ['', 'placed orderNumber'],
  orderStatus: ['$phone: String, $number: String', 'found orderNumber status total { amount }'],
  extractPhoneAndOrder: ['$text: String!', 'phone orderNumber'],
} as const

export interface Drink {
  flavor: string
  toppings: string[]
  addOns: string[]
  sweetness: string
  ice: string
  price: { amount: string; currency: string }
  summary: string
}

/** What any agent function may answer. */
export interface Reply {
  ok: boolean
  error: string | null
  code: string | null
  staged: boolean
  cleared: boolean
  placed: boolean
  found: boolean
  summary: string
  prices: string
  items: Drink[]
  item: Drink
  pendingItem: Drink | null
  removed: Drink
  cartCount: number
  cartTotal: { amount: string; currency: string }
  total: { amount: string; currency: string }
  phone: string
  orderNumber: string
  status: string
  intent: string
}

export interface PhoneCall {
  /** Its CallSid. */
  id: string
  /** Runs an agent function as the voice process would. `request` is Deepgram's id of it, a new one if omitted. */
  run(
    name: keyof typeof functions | keyof typeof questions,
    variables?: Record<string, unknown>,
    request?: string,
  ): Promise<Reply>
}

export const newId = (kind: string) => kind + randomBytes(16).toString('hex')

const argument = (variables: string) => variables.replace(/\$(\w+): [^,]+/g, '$1: $$$1')

/** A call that has just come in, at the api. `key` has the scope calls:write. */
export async function phoneCall(
  api: TestApi,
  key: string,
  caller: { from?: string; to?: string; id?: string } = {},
): Promise<PhoneCall> {
  const { id = newId('CA'), ...numbers } = caller
  const started = await api.ask<{ startCall: { id: string } }>(
    'mutation ($input: StartCallInput!) { startCall(input: $input) { id } }',
    { input: { callSid: id, ...numbers } },
    key,
  )
  expect(started.data.startCall.id).toBe(id)
  return {
    id,
    async run(name, variables = {}, request = newId('call_')) {
      const effect = name in functions
      const [declared, answer] = { ...functions, ...questions }[name]
      const more = declared && `, ${declared}`
      const args = `call: $call${effect ? ', request: $request' : ''}${declared && `, ${argument(declared)}`}`
      const { data, errors } = await api.ask<{ result: Reply }>(
        `${effect ? 'mutation' : 'query'} ($call: ID!${effect ? ', $request: ID!' : ''}${more}) {
          result: ${name}(${args}) { ok error code ${answer} }
        }`,
        { call: id, ...(effect && { request }), ...variables },
        key,
      )
      expect(errors).toBeUndefined()
      return data.result
    },
  }
}
