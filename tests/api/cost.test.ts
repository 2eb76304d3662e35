import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { costPage } from '../../api/limits/cost-page.ts'
import { createSchema } from '../../api/schema.ts'
import { startApi, type TestApi } from '../support/api.ts'

const page = await readFile('docs/cost.md', 'utf8')

let api: TestApi
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.close())

const examples = [...page.matchAll(/```graphql\n(.*)\n```\n\n(\d+) points\./g)].map(
  ([, document, points]) => [document!, Number(points)] as const,
)

test('there are examples', () => expect(examples.length).toBeGreaterThan(4))

test.each(examples)('%s costs what the page says', async (document, points) => {
  const answer = (await api.ask(document, {}, await api.key('orders:read', 'orders:write'))) as object
  expect(answer).toMatchObject({ extensions: { cost: { requested: points } } })
  expect(answer).not.toHaveProperty('errors')
})

test('the page is what the schema makes it', () => expect(costPage(createSchema())).toBe(page))
