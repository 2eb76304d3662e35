import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databaseUrl, startApi } from '../support/api.ts'
import { build, run } from '../support/built.ts'

const execute = promisify(execFile)
const onPostgres = Boolean(process.env.TEST_DATABASE_URL)

let folder: string
let database: string
beforeAll(async () => {
  await build()
  folder = await mkdtemp(join(tmpdir(), 'boba-backup-'))
  database = onPostgres ? databaseUrl() : `sqlite:${join(folder, 'shop.db')}`
})
afterAll(() => rm(folder, { recursive: true }))

const backup = (args: string[] = [], url = database) =>
  run('backup', { DATABASE_URL: url }, args, folder).ended

/** The address of a database with what is in a copy. */
async function restored(copy: string): Promise<string> {
  if (!onPostgres) return `sqlite:${copy}`
  const url = databaseUrl()
  const at = new URL(url)
  await execute('createdb', [`--maintenance-db=${process.env.TEST_DATABASE_URL}`, at.pathname.slice(1)])
  await execute('pg_restore', ['--no-owner', `--dbname=${url}`, copy])
  return url
}

describe('npm run backup', () => {
  test('copies what is there while orders come in, and a shop goes on from the copy', async () => {
    const api = await startApi({ database })
    const key = await api.key('orders:write', 'orders:read')
    const place = async (number: number) => {
      const { data } = await api.ask<{ placeOrder: { order: { number: string } } }>(
        `mutation ($key: String!) {
          placeOrder(idempotencyKey: $key, input: { phone: "555-123-4567", drinks: [{ flavor: "taro" }] }) {
            ... on PlacedOrder { order { number } }
          }
        }`,
        { key: String(number) },
        key,
      )
      return data.placeOrder.order.number
    }
    const before = [await place(1), await place(2), await place(3)]
    const copy = join(folder, 'copies/one')
    const [made] = await Promise.all([backup([copy]), ...Array.from({ length: 20 }, (_, i) => place(10 + i))])
    expect(made).toMatchObject({ code: 0, stderr: '' })
    expect(made.stdout).toContain(copy)
    expect((await stat(copy)).mode & 0o777).toBe(0o600)
    await api.close()

    const again = await startApi({ database: await restored(copy) })
    const { data } = await again.ask<{ orders: { nodes: { number: string; items: object[] }[] } }>(
      '{ orders(first: 100) { nodes { number items { flavor } } } }',
      {},
      key,
    )
    const { nodes } = data.orders
    expect(nodes.map(({ number }) => number)).toEqual(expect.arrayContaining(before))
    // Whole orders only: no moment shows one without its drinks.
    for (const { items } of nodes) expect(items).toEqual([{ flavor: 'taro milk tea' }])
    const next = await again.ask<{ placeOrder: { order: { number: string } } }>(
      `mutation {
        placeOrder(idempotencyKey: "next", input: { phone: "555-123-4567", drinks: [{ flavor: "taro" }] }) {
          ... on PlacedOrder { order { number } }
        }
      }`,
      {},
      key,
    )
    expect(next.data.placeOrder.order.number).toMatch(/^\d{4}$/)
    await again.close()
  })

  test('without a name it goes to backups/, one file for each time', async () => {
    expect(await backup()).toMatchObject({ code: 0 })
    const [file, ...rest] = await readdir(join(folder, 'backups'))
    expect(file).toMatch(/^bobarista-\d{4}-\d{2}-\d{2}T\d{6}Z\.(db|dump)$/)
    expect(rest).toEqual([])
  })

  test('overwrites nothing', async () => {
    const file = join(folder, 'kept')
    await writeFile(file, 'mine')
    const { code, stderr } = await backup([file])
    expect(code).toBe(1)
    expect(stderr).toContain('exists already and is left as it is')
    expect((await stat(file)).size).toBe(4)
  })

  test.each([
    [['--fast'], undefined, 'npm run backup -- FILE'],
    [['one', 'two'], undefined, 'npm run backup -- FILE'],
    [['nothing.db'], 'sqlite:nowhere/shop.db', 'There is no database nowhere/shop.db yet'],
    [['nothing.dump'], 'postgres://127.0.0.1:1/shop', 'The backup failed, nothing was kept'],
  ])('%j of %s is answered with what to do', async (args, url, sentence) => {
    const { code, stderr, stdout } = await backup(args, url)
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain(sentence)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  test('keeps nothing of a database that is damaged', async () => {
    const damaged = join(folder, 'damaged.db')
    await writeFile(
      damaged,
      'this is no database, only words that fill more than one hundred bytes '.repeat(20),
    )
    const { code, stderr } = await backup([join(folder, 'never')], `sqlite:${damaged}`)
    expect(code).toBe(1)
    expect(stderr).toContain('The backup failed, nothing was kept')
    expect(await readdir(folder)).not.toContain('never')
    expect(await readdir(folder)).not.toContain('never.part')
  })
})
