import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApi, type TestApi } from '../support/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.close())

test('anyone may read the menu', async () => {
  const { data } = await api.ask<{ menu: { flavors: { name: string; price: { amount: string } }[] } }>(
    '{ menu { flavors { name price { amount currency } } } }',
  )
  expect(data.menu.flavors).toEqual([
    { name: 'taro milk tea', price: { amount: '5.50', currency: 'USD' } },
    { name: 'black milk tea', price: { amount: '5.50', currency: 'USD' } },
  ])
})
