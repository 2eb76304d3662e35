import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApi, type TestApi } from '../support/api.ts'

let api: TestApi
let staff: string
beforeAll(async () => {
  api = await startApi()
  staff = await api.signIn()
})
afterAll(() => api.close())

interface Item {
  id: string
  name: string
  kind: string
  aliases: string[]
  available: boolean
  price: { amount: string; currency: string }
  requires: { name: string } | null
}

interface Menu {
  shop: { id: string; name: string }
  items: Item[]
  flavors: Item[]
  toppings: Item[]
  addOns: Item[]
  sweetnessLevels: string[]
  defaultSweetness: string
  iceLevels: string[]
  defaultIce: string
  maxDrinks: number
  summary: string
}

const menu = async (): Promise<Menu> => {
  const item = '{ id name kind aliases available price { amount currency } requires { name } }'
  const { data } = await api.ask<{ menu: Menu }>(
    `{ menu { shop { id name } items ${item} flavors ${item} toppings ${item} addOns ${item}
       sweetnessLevels defaultSweetness iceLevels defaultIce maxDrinks summary } }`,
  )
  return data.menu
}

test('anyone may read the menu: names, exact prices and what goes together', async () => {
  const { flavors, toppings, addOns, items, ...rest } = await menu()
  const priced = (list: Item[]) => list.map(({ name, price }) => [name, price.amount, price.currency])
  expect(priced(flavors)).toEqual([
    ['taro milk tea', '5.50', 'USD'],
    ['black milk tea', '5.50', 'USD'],
  ])
  expect(priced(toppings)).toEqual([
    ['boba', '0.75', 'USD'],
    ['egg pudding', '0.75', 'USD'],
    ['crystal agar boba', '0.75', 'USD'],
    ['vanilla cream', '0.75', 'USD'],
  ])
  expect(priced(addOns)).toEqual([['matcha stencil on top', '0.50', 'USD']])
  expect(addOns[0]!.requires).toEqual({ name: 'vanilla cream' })
  expect(toppings.find(({ name }) => name === 'boba')!.aliases).toContain('tapioca')
  expect(items).toHaveLength(7)
  expect(rest).toMatchObject({
    sweetnessLevels: ['0%', '25%', '50%', '75%', '100%'],
    defaultSweetness: '50%',
    iceLevels: ['no ice', 'less ice', 'regular ice', 'extra ice'],
    defaultIce: 'regular ice',
    maxDrinks: 10,
  })
})

test('it is the menu of the shop that is asked for', async () => {
  const { shop } = await menu()
  const { data } = await api.ask(
    'query ($shop: ID!) { menu(shop: $shop) { maxDrinks } board(shop: $shop) { cursor } }',
    {
      shop: shop.id,
    },
  )
  expect(data).toMatchObject({ menu: { maxDrinks: 10 } })
  const { errors } = await api.ask('{ menu(shop: "shop_none") { maxDrinks } }')
  expect(errors![0]!.extensions.code).toBe('NOT_FOUND')
})

const setAvailability = (item: string, available: boolean) =>
  api.ask(
    `mutation ($item: ID!, $available: Boolean!) {
      result: setAvailability(item: $item, available: $available) {
        ... on MenuItem { name available requires { name } }
        ... on MenuChangeRefused { code message path }
      }
    }`,
    { item, available },
    staff,
  )

test('what is sold out is shown as such, and offered no more', async () => {
  const { id } = (await menu()).addOns[0]!
  expect((await setAvailability(id, false)).data).toEqual({
    result: { name: 'matcha stencil on top', available: false, requires: { name: 'vanilla cream' } },
  })
  const without = await menu()
  expect(without.addOns[0]!.available).toBe(false)
  expect(without.summary).toContain('Sold out right now: matcha stencil on top.')
  expect(without.summary).not.toContain('You can add')
  await setAvailability(id, true)
  expect((await menu()).summary).toContain('You can add matcha stencil on top, only with vanilla cream.')
})

test('an item that is not on the menu cannot be sold out', async () => {
  expect((await setAvailability('item_none', false)).data).toMatchObject({
    result: { code: 'MENU_ITEM_NOT_FOUND', path: ['item'] },
  })
})
