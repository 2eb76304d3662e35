import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, open as openFile, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import Database from 'better-sqlite3'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { importMenu } from '../../api/menu/import-menu.ts'
import { Order, OrderSource } from '../../api/orders/order.entity.ts'
import { OrderItem } from '../../api/orders/order-item.entity.ts'
import { OrderStatus } from '../../api/orders/order-status.ts'
import { agree, type Terminal } from '../../api/owner/ask.ts'
import { writeNew } from '../../api/owner/write-new.ts'
import { shopOf } from '../../api/shops/shop-of.ts'
import { databaseUrl, onServer, postgresql, startApi, type TestApi } from '../support/api.ts'
import { build, clean } from '../support/built.ts'
import { listen } from '../support/listener.ts'
import { move, placeOrder } from '../support/orders.ts'
import { phoneCall } from '../support/phone-call.ts'

let folder = tmpdir()
let database = ''
let api: TestApi
beforeAll(build, 120_000)
async function open(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'boba-owner-'))
  database = postgresql() ? databaseUrl() : `sqlite:${join(folder, 'shop.db')}`
  api = await startApi({ database })
}
async function close(): Promise<void> {
  await api.close()
  if (postgresql()) await onServer(`drop database "${new URL(database).pathname.slice(1)}"`)
  await rm(folder, { recursive: true })
}

interface Said {
  code: number
  stdout: string
  stderr: string
}

/** Runs `npm run owner` beside the running api. @param input what is typed */
async function owner(args: string[], input = ''): Promise<Said> {
  const child = spawn(process.execPath, [resolve('dist/programs/owner.js'), ...args], {
    cwd: folder,
    env: clean({ DATABASE_URL: database }),
  })
  child.stdin.end(input)
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'exit') as Promise<[number]>,
    text(child.stdout),
    text(child.stderr),
  ])
  return { code, stdout, stderr }
}

async function ownerDoes(...args: string[]): Promise<string> {
  const said = await owner(args)
  expect(said).toMatchObject({ code: 0, stderr: '' })
  return said.stdout
}

const head = async () => {
  const { data } = await api.ask<{ board: { cursor: string } }>('{ board { cursor } }')
  return Number(data.board.cursor)
}

interface FileItem {
  name: string
  price: string
  aliases: string[]
  requires?: string
}
interface MenuFile {
  shop: Record<string, unknown>
  flavors: FileItem[]
  toppings: FileItem[]
  addOns: FileItem[]
}

async function exported(name: string): Promise<MenuFile> {
  await ownerDoes('menu', 'export', name)
  return JSON.parse(await readFile(join(folder, name), 'utf8'))
}

const write = (name: string, menu: object) => writeFile(join(folder, name), JSON.stringify(menu))

const readItems = async () => {
  const { data } = await api.ask<{ menu: { items: { id: string; name: string; available: boolean }[] } }>(
    '{ menu { items { id name available } } }',
  )
  return data.menu.items
}

test('what is no command is answered with those there are', { timeout: 120_000 }, async () => {
  const said = await Promise.all(
    [
      [],
      ['dance'],
      ['menu', 'import'],
      ['shop', 'show', 'me'],
      ['shop', 'show', '--yes'],
      ['--loud'],
      ['keys'],
      ['keys', 'revoke'],
    ].map(args => owner(args)),
  )
  const sentences = [
    'menu export FILE',
    'no command "dance"',
    'Say which file',
    '"me" is too much',
    '--yes belongs to',
    "Unknown option '--loud'",
    'npm run owner -- keys create NAME --scope SCOPE',
    'Say which key',
  ]
  for (const [index, { code, stdout, stderr }] of said.entries()) {
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(sentences[index])
    expect(stderr).not.toMatch(/^\s+at /m)
  }
  const help = await ownerDoes('--help')
  for (const named of ['menu import FILE [--yes]', 'npm run owner -- keys']) expect(help).toContain(named)
  expect(await ownerDoes('help')).toBe(help)
})

test('a mistyped address makes no other database', async () => {
  const nowhere = join(folder, 'nowhere')
  database = `sqlite:${nowhere}/shop.db`
  expect(await owner(['shop', 'show'])).toEqual({
    code: 1,
    stdout: '',
    stderr: `There is no database ${database} yet. Check DATABASE_URL.\n`,
  })
  expect(existsSync(nowhere)).toBe(false)
})

test.each([
  ['y\n', true],
  ['YES\n', true],
  ['\n', false],
  ['yesterday\n', false],
  [null, false],
])('who sits at a terminal and answers %j is understood', async (answer, agreed) => {
  const terminal = () => Object.assign(new PassThrough(), { isTTY: true })
  const { input, output } = { input: terminal(), output: terminal() } satisfies Terminal
  const asked = agree('- topping "boba"', false, { input, output })
  if (answer === null) input.end()
  else input.write(answer)
  if (agreed) await asked
  else await expect(asked).rejects.toThrow('Nothing was changed.')
  expect(String(output.read())).toContain('- topping "boba"\n')
})

// Each command is a process of its own, which takes its time on a busy machine.
describe('beside a running api', { timeout: 120_000 }, () => {
  beforeEach(open)
  afterEach(close)

  describe('menu', () => {
    test('is exported, edited, shown as a difference and imported, while a call goes on', async () => {
      const seeded = JSON.parse(await readFile('menu.json', 'utf8'))
      const menu = await exported('menu.json')
      expect(menu).toEqual({ ...seeded, shop: { ...seeded.shop, warnAfterMinutes: 5, lateAfterMinutes: 10 } })
      const before = await head()
      expect(await ownerDoes('menu', 'import', 'menu.json')).toContain('Nothing was changed')
      expect(await head()).toBe(before)

      const key = await api.key('orders:read', 'orders:write', 'calls:write', 'menu:write')
      const call = await phoneCall(api, key)
      await call.run('addToCart', { drink: { flavor: 'taro', toppings: ['egg pudding'] } })
      await call.run('confirmPendingToCart')
      await call.run('addToCart', { drink: { flavor: 'taro' } })
      const placed = await placeOrder(api, key, [{ flavor: 'taro', toppings: ['egg pudding'] }])
      const old = await readItems()
      const idOf = (items: typeof old, wanted: string) => items.find(({ name }) => name === wanted)!.id
      await api.ask(
        'mutation ($item: ID!) { setAvailability(item: $item, available: false) { __typename } }',
        { item: idOf(old, 'boba') },
        key,
      )

      menu.flavors.reverse()
      menu.flavors[1]!.price = '6.10'
      menu.toppings = menu.toppings.filter(({ name }) => name !== 'egg pudding')
      menu.toppings[0]!.aliases = ['pearl', 'qq']
      menu.toppings.push({ name: 'lychee jelly', price: '0.90', aliases: ['lychee'] })
      delete menu.addOns[0]!.requires
      menu.addOns.push({ name: 'cheese foam', price: '1.00', aliases: [], requires: 'boba' })
      await write('menu.json', menu)

      const events = listen(api, { field: 'orderEvents', key })
      await events.beat()
      const start = await head()
      const refused = await owner(['menu', 'import', 'menu.json'])
      expect(refused).toMatchObject({
        code: 1,
        stderr: 'Nothing was changed. Say --yes to do it without being asked.\n',
      })
      expect(refused.stdout.trim().split('\n')).toEqual([
        '- topping "egg pudding"',
        '~ flavor "taro milk tea": price 5.50 → 6.10 USD',
        '~ topping "boba": also called "qq"',
        expect.stringContaining('~ topping "boba": no longer called "tapioca", "tapioca pearl", '),
        '+ topping "lychee jelly", 0.90 USD, also called "lychee"',
        '~ add-on "matcha stencil on top": needs "vanilla cream" → needs no topping',
        '+ add-on "cheese foam", 1.00 USD, needs "boba"',
        '~ flavors in this order: black milk tea, taro milk tea',
      ])
      expect(await head()).toBe(start)
      expect(await readItems()).toHaveLength(7)

      expect(await ownerDoes('menu', 'import', 'menu.json', '--yes')).toContain(refused.stdout.trim())
      expect(await events.next()).toMatchObject({ type: 'MENU_CHANGED', cursor: String(start + 1) })
      expect(await head()).toBe(start + 1)
      const now = await readItems()
      expect(now.map(({ name }) => name)).toEqual([
        ...['black milk tea', 'taro milk tea', 'boba', 'crystal agar boba', 'vanilla cream', 'lychee jelly'],
        ...['matcha stencil on top', 'cheese foam'],
      ])
      expect(now.find(({ name }) => name === 'boba')).toEqual({
        id: idOf(old, 'boba'),
        name: 'boba',
        available: false,
      })
      expect(await exported('again.json')).toEqual(menu)
      expect(await ownerDoes('menu', 'import', 'again.json')).toContain('Nothing was changed')

      // What is gone is refused as if it were sold out; the rest costs what the caller was told.
      const gone = { ok: false, code: 'UNKNOWN_TOPPING' }
      expect(await call.run('checkoutOrder', { phone: '555-123-4567' })).toMatchObject(gone)
      await call.run('removeFromCart', { index: 0 })
      expect(await call.run('checkoutOrder', { phone: '555-123-4567' })).toMatchObject({
        ok: true,
        total: { amount: '5.50' },
        items: [{ flavor: 'taro milk tea' }],
      })
      const { data } = await api.ask(
        'query ($id: ID!) { order(id: $id) { items { toppings } total { amount } } }',
        { id: placed.id },
        key,
      )
      expect(data).toEqual({ order: { items: [{ toppings: ['egg pudding'] }], total: { amount: '6.25' } } })
      await events.stop()
    })

    test('keeps what is written otherwise only, with its mark that it is sold out', async () => {
      const menu = await exported('menu.json')
      const before = await readItems()
      const cream = before.find(({ name }) => name === 'vanilla cream')!
      await api.ask(
        'mutation ($item: ID!) { setAvailability(item: $item, available: false) { __typename } }',
        { item: cream.id },
        await api.key('menu:write'),
      )
      menu.flavors[0]!.name = 'Taro Milk Tea'
      menu.toppings.find(({ name }) => name === 'vanilla cream')!.name = 'Vanilla Cream'
      menu.addOns[0]!.requires = 'Vanilla Cream'
      await write('menu.json', menu)
      const said = await ownerDoes('menu', 'import', 'menu.json', '--yes')
      expect(said.trim().split('\n').slice(0, -1)).toEqual([
        '~ flavor "taro milk tea": is called "Taro Milk Tea"',
        '~ topping "vanilla cream": is called "Vanilla Cream"',
      ])
      const now = await readItems()
      expect(now.map(({ id }) => id)).toEqual(before.map(({ id }) => id))
      expect(now.find(({ id }) => id === cream.id)).toEqual({
        ...cream,
        name: 'Vanilla Cream',
        available: false,
      })
      expect(await exported('again.json')).toEqual(menu)
    })

    test('is read when an editor on Windows has put a byte order mark before it', async () => {
      const menu = await exported('menu.json')
      menu.toppings[0]!.price = '0.80'
      await writeFile(join(folder, 'marked.json'), `\uFEFF${JSON.stringify(menu)}`)
      expect(await ownerDoes('menu', 'import', 'marked.json', '--yes')).toContain('price 0.75 → 0.80 USD')
    })

    test('with mistakes is refused, each with its place, and a menu that somebody else changed is left alone', async () => {
      const menu = await exported('menu.json')
      const fault = async (change: (menu: MenuFile) => void) => {
        const wrong = structuredClone(menu)
        change(wrong)
        await write('wrong.json', wrong)
        const { code, stdout, stderr } = await owner(['menu', 'import', 'wrong.json', '--yes'])
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
        expect(stderr).not.toMatch(/^\s+at /m)
        expect(stderr.trim()).not.toMatch(/\p{Cc}/u)
        return stderr
      }
      const before = await head()
      const several = await fault(wrong => {
        wrong.flavors[1]!.aliases.push('Taro')
        wrong.toppings[3]!.name = ' '
        wrong.addOns[0]!.requires = 'cream'
        Object.assign(wrong.toppings[0]!, { alias: [] })
      })
      expect(several).toContain('toppings[3].name: is empty')
      expect(several).toContain('toppings[0]: Unrecognized key: "alias"')
      const rules = await fault(wrong => {
        wrong.flavors[1]!.aliases.push('Taros')
        wrong.toppings[1]!.name = 'boba'
        wrong.addOns[0]!.requires = 'cream'
      })
      expect(rules).toContain('flavors[1].aliases[6]: "Taros" means taro milk tea already')
      expect(rules).toContain('toppings[1].name: "boba" means boba already')
      expect(rules).toContain('addOns[0].requires: "cream" is no topping of this menu')
      expect(await fault(wrong => (wrong.toppings[2]!.price = '0.755'))).toContain(
        'toppings[2].price: "0.755" is not an amount in USD',
      )
      const controls = await fault(wrong => {
        wrong.flavors[0]!.name = 'taro\n- topping "boba"'
        wrong.toppings[0]!.aliases.push('\u001b[2Jpearl', '\u2028')
        wrong.toppings[1]!.aliases.push('\u001b[2Jpearl')
        wrong.shop.name = 'Boba\u0007'
        Object.assign(wrong.addOns[0]!, { '\u001b[31m': 1 })
      })
      expect(controls).toContain('flavors[0].name: holds a line break or another control character')
      expect(controls).toMatch(/toppings\[0\]\.aliases\[\d+\]: holds a line break/)
      expect(controls).toContain('shop.name: holds a line break')
      expect(await fault(wrong => (wrong.toppings[2]!.price = '\u001b[31m5'))).toContain(
        'is not an amount in USD',
      )
      await writeFile(join(folder, 'wrong.json'), '\u001b[31m{}')
      expect((await owner(['menu', 'import', 'wrong.json'])).stderr.trim()).not.toMatch(/\p{Cc}/u)
      expect(await fault(wrong => (wrong.shop.currency = 'EUR'))).toContain(
        'are in EUR, those of the shop in USD',
      )
      expect((await owner(['menu', 'import', 'none.json'])).stderr).toContain('none.json cannot be read')
      expect((await owner(['menu', 'export', 'menu.json'])).stderr).toContain(
        'exists already and is left as it is',
      )

      const em = api.orm.em.fork()
      const shop = await shopOf(em)
      await expect(importMenu(em, api.log, shop.id, [], ['- topping "boba"'])).rejects.toThrow(
        'by somebody else meanwhile',
      )
      expect(await head()).toBe(before)
      expect(await readItems()).toHaveLength(7)
    })
  })

  test('settings of the shop are shown and set by the rules of the console, and everybody hears of it', async () => {
    const key = await api.key('orders:read', 'orders:write')
    const events = listen(api, { field: 'orderEvents', key })
    await events.beat()
    const shown = await ownerDoes('shop', 'show')
    expect(shown).toBe(
      'name=BobaRista\nphone=\nregion=US\ncurrency=USD\ntimezone=America/Los_Angeles\nwarnAfterMinutes=5\nlateAfterMinutes=10\n',
    )
    const set = [
      'name=Boba & Co',
      'phone=555-123-4567',
      'timezone=Europe/Berlin',
      'warnAfterMinutes=15',
      'lateAfterMinutes=20',
    ]
    expect(await ownerDoes('shop', 'set', ...set)).toContain('phone=+15551234567\n')
    expect(await events.next()).toMatchObject({ type: 'SHOP_CHANGED' })
    const start = await head()
    expect(await ownerDoes('shop', 'set', ...set)).toContain('Nothing was changed')

    const refusals: [string[], ...string[]][] = [
      [
        ['name=', 'region=XX', 'currency=TEA', 'timezone=Mars/Olympus', 'warnAfterMinutes=soon'],
        'name: is empty; region: is no country such as US',
        'currency: is no currency such as USD',
        'timezone: is no time zone such as',
        'warnAfterMinutes: is no whole number of minutes',
      ],
      [
        ['lateAfterMinutes=3', 'phone=12'],
        'lateAfterMinutes: An order is getting late after 1 minute',
        'phone: is no possible phone number',
      ],
      [['currency=JPY'], '0.50, cannot be written in JPY'],
      [['color=red'], 'There is no setting "color". There are: name, phone'],
      [['name'], '"name" is no NAME=VALUE'],
    ]
    for (const [args, ...sentences] of refusals) {
      const { code, stdout, stderr } = await owner(['shop', 'set', ...args])
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      for (const sentence of sentences) expect(stderr).toContain(sentence)
      expect(stderr).not.toMatch(/^\s+at /m)
    }
    expect(await head()).toBe(start)

    await ownerDoes('shop', 'set', 'currency=EUR', 'phone=')
    expect(await events.next()).toMatchObject({ type: 'MENU_CHANGED' })
    expect(await events.next()).toMatchObject({ type: 'SHOP_CHANGED' })
    const { data } = await api.ask(
      '{ menu { shop { name phone timezone lateAfterMinutes } flavors { price { amount currency } } } }',
    )
    expect(data).toEqual({
      menu: {
        shop: { name: 'Boba & Co', phone: null, timezone: 'Europe/Berlin', lateAfterMinutes: 20 },
        flavors: [
          { price: { amount: '5.50', currency: 'EUR' } },
          { price: { amount: '5.50', currency: 'EUR' } },
        ],
      },
    })
    await placeOrder(api, key)
    expect((await owner(['shop', 'set', 'currency=USD'])).stderr).toContain(
      'Orders were sold in EUR, so the currency stays',
    )
    await events.stop()
  })

  test('keys of programs are made, listed and revoked', async () => {
    const created = await ownerDoes('keys', 'create', 'Loyalty app', '--scope', 'orders:read,orders:pii')
    const [key] = created.split('\n')
    const me = async () => (await api.ask('{ me { name scopes } }', {}, key)).data
    expect(await me()).toEqual({ me: { name: 'Loyalty app', scopes: ['orders:read', 'orders:pii'] } })
    const [id] = /key_\w+/.exec(created)!
    expect(await ownerDoes('keys', 'list')).toContain(`${id}  `)
    expect(await ownerDoes('keys', 'revoke', id)).toContain('is revoked')
    expect((await api.ask('{ me { name } }', {}, key)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED')
    const refused = await owner(['keys', 'rotate', 'key_none'])
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toBe('There is no key key_none. The list of keys shows their ids.\n')
  })

  describe('erase', () => {
    const rows = async () =>
      JSON.stringify(
        await Promise.all(
          ['call', 'function_call', 'orders', 'order_item', 'sms', 'event'].map(table =>
            api.orm.em.fork().execute(`select * from ${api.orm.em.getPlatform().quoteIdentifier(table)}`),
          ),
        ),
      )
    const words = (call: string, said: string, key: string) =>
      api.ask(
        `mutation ($call: ID!, $text: String!) { recordWords(input: { call: $call, from: 0, said: [{ speaker: CALLER, text: $text }] }) }`,
        { call, text: said },
        key,
      )

    test('takes all of a guest and nothing of another, and shows no number', async () => {
      const key = await api.key('calls:write', 'orders:read', 'orders:write', 'orders:pii')
      const caller = await phoneCall(api, key, { from: '+15557654321' })
      await caller.run('addToCart', { drink: { flavor: 'taro' } })
      await caller.run('checkoutOrder', { phone: '555-123-4567', name: 'Zoë' })
      await words(caller.id, 'it is 555-123-4567', key)
      // The number was corrected, so it stands in no column of this call.
      const mentioned = await phoneCall(api, key)
      await words(mentioned.id, 'five five five, one two three, four five six seven. No, wait', key)
      await mentioned.run('savePhoneNumber', { phone: '555-222-3333' })
      const byApi = await placeOrder(api, key)
      await move(api, key, 'markOrderReady', byApi.id)
      await move(api, key, 'completeOrder', byApi.id)
      const other = await phoneCall(api, key, { from: '+15559998888' })
      await other.run('addToCart', { drink: { flavor: 'black milk tea' } })
      await other.run('checkoutOrder', { phone: 'caller id', name: 'Hedy' })
      await words(other.id, 'I am Hedy', key)
      for (const { id } of [mentioned, other]) {
        await api.ask(`mutation { endCall(input: { call: "${id}", reason: GOODBYE }) { id } }`, {}, key)
      }
      // The last text is written down by then.
      await expect
        .poll(async () => (await rows()).match(/"kind":"ORDER_/g)?.length, { timeout: 10_000 })
        .toBe(4)
      const events = listen(api, { field: 'orderEvents', key, order: 'id phone name' })
      await events.beat()

      const asked = await owner(['erase', '(555) 123-4567'])
      expect(asked).toMatchObject({
        code: 1,
        stderr: 'Nothing was changed. Say --yes to do it without being asked.\n',
      })
      expect(asked.stdout).toContain('2 orders, 2 calls, 3 texts')
      expect(asked.stdout).toContain('1 order not yet picked up')
      expect(asked.stdout).toContain('1 call going on')
      expect(await rows()).toContain('5551234567')

      const erased = await owner(['erase', '-', '--yes'], '555-123-4567\n')
      expect(erased).toMatchObject({ code: 0, stderr: '' })
      expect(erased.stdout).toContain('Erased: 2 orders, 2 calls, 3 texts.')
      expect(asked.stdout + erased.stdout).not.toMatch(/4567/)
      expect(await events.next()).toMatchObject({ type: 'ORDER_UPDATED', order: { phone: null, name: null } })
      const left = await rows()
      for (const gone of [
        '5551234567',
        '555-123-4567',
        '5557654321',
        'five five five',
        'Zoë',
        'Ada',
        '222-3333',
      ]) {
        expect(left).not.toContain(gone)
      }
      for (const kept of ['+15559998888', 'Hedy', 'taro milk tea', byApi.number]) expect(left).toContain(kept)
      expect(await ownerDoes('erase', '5551234567')).toBe('Nothing is kept of that number.\n')
      await events.stop()
    })

    test('leaves no byte of it in the files of the database', async () => {
      const key = await api.key('calls:write', 'orders:read', 'orders:write')
      // Enough of them that pages are split and merged.
      for (let i = 0; i < 30; i += 1) {
        const caller = await phoneCall(api, key, { from: '+15551234567' })
        await words(caller.id, `it is Zoë, ${'five five five, one two three '.repeat(i * 10)}`, key)
        await caller.run('savePhoneNumber', { phone: '555-123-4567' })
        await placeOrder(api, key)
      }
      const bytes = async () =>
        Buffer.concat(
          await Promise.all(
            ['shop.db', 'shop.db-wal'].map(name => readFile(join(folder, name)).catch(() => Buffer.of())),
          ),
        )
      const traces = ['5551234567', '555-123-4567', 'five five five', 'Zoë', 'Ada']
      for (const trace of traces) expect((await bytes()).includes(trace), trace).toBe(true)
      const backup = new Database(join(folder, 'shop.db'))
      backup.exec('begin; select * from orders')
      const erased = await owner(['erase', '-', '--yes'], '5551234567')
      expect(erased).toMatchObject({ code: 0, stderr: '' })
      expect(erased.stdout).toContain('Erase again in a moment')
      backup.close()
      expect(await ownerDoes('erase', '555-123-4567')).toBe('Nothing is kept of that number.\n')
      for (const trace of traces) expect((await bytes()).includes(trace), trace).toBe(false)
    })

    test('refuses what is no number, without repeating it', async () => {
      const refusals: [string[], string][] = [
        [['call me maybe'], 'no possible phone number'],
        [['55598765432101234'], 'no possible phone number'],
        [['+1', '555', '987', '6543'], 'in quotes if it holds blanks'],
        [[], 'Say which number'],
      ]
      for (const [args, sentence] of refusals) {
        const { code, stdout, stderr } = await owner(['erase', ...args, '--yes'])
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
        expect(stderr).toContain(sentence)
        expect(stderr).not.toMatch(/987|maybe/)
      }
    })
  })

  describe('sales', () => {
    /** Orders of one cup each, placed at these moments. */
    async function sold(moments: string[], flavor = 'taro milk tea'): Promise<void> {
      const em = api.orm.em.fork()
      const shop = await shopOf(em)
      for (const [index, moment] of moments.entries()) {
        const order = em.create(Order, {
          shop,
          number: String(1_000 + (index % 9_000)),
          status: OrderStatus.PICKED_UP,
          source: OrderSource.API,
          phone: '+15551234567',
          name: 'Ada',
          currency: 'USD',
          totalMinor: 625,
          createdAt: new Date(moment),
        })
        em.create(OrderItem, {
          order,
          position: 0,
          flavor,
          toppings: ['boba', 'egg, "pudding"'],
          addOns: [],
          sweetness: '50%',
          ice: 'no ice',
          priceMinor: 625,
        })
      }
      await em.flush()
    }

    test('are lines of CSV by the days of the shop, safe for spreadsheets, without numbers and names', async () => {
      // By the clock of Los Angeles: the last second of the 7th, the two around the missing hour of the 8th, the 9th.
      await sold([
        '2026-03-08T07:59:59Z',
        '2026-03-08T09:59:59Z',
        '2026-03-08T10:00:00Z',
        '2026-03-09T06:59:59Z',
        '2026-03-09T07:00:00Z',
      ])
      await sold(['2026-03-08T12:00:00Z'], '=HYPERLINK("http://example.com")')
      const csv = await ownerDoes('sales', '2026-03-08', '2026-03-08')
      const rest = 'PICKED_UP,API,taro milk tea,"boba; egg, ""pudding""",,50%,no ice,6.25,USD'
      expect(csv).toBe(
        [
          'order,time,time_utc,status,source,flavor,toppings,add_ons,sweetness,ice,price,currency',
          `1001,2026-03-08 01:59:59,2026-03-08 09:59:59,${rest}`,
          `1002,2026-03-08 03:00:00,2026-03-08 10:00:00,${rest}`,
          `1000,2026-03-08 05:00:00,2026-03-08 12:00:00,${rest.replace('taro milk tea', `"'=HYPERLINK(""http://example.com"")"`)}`,
          `1003,2026-03-08 23:59:59,2026-03-09 06:59:59,${rest}`,
          '',
        ].join('\r\n'),
      )
      expect(await ownerDoes('sales', '2026-03-07', '2026-03-09', 'sales.csv')).toContain('sales.csv holds')
      expect((await readFile(join(folder, 'sales.csv'), 'utf8')).trim().split('\r\n')).toHaveLength(7)
      expect((await owner(['sales', '2026-03-07', '2026-03-09', 'sales.csv'])).stderr).toContain(
        'exists already',
      )
      const wrong = [
        await owner(['sales', '2026-02-30', '2026-03-01']),
        await owner(['sales', '2026-03-02', '2026-03-01']),
        await owner(['sales', '2026-03-02']),
      ]
      expect(wrong.map(({ code }) => code)).toEqual([1, 1, 1])
      expect(wrong[0]!.stderr).toContain('"2026-02-30" is no day such as')
      expect(wrong[1]!.stderr).toContain('2026-03-01 is before 2026-03-02')
      expect(wrong[2]!.stderr).toContain('Say from which day to which')
    })

    test('and the menu, where they cannot be written, are told so in a sentence, and leave nothing behind', async () => {
      const refused: [Said, string][] = [
        [await owner(['menu', 'export', 'nowhere/menu.json']), 'nowhere/menu.json'],
        [await owner(['sales', '2026-03-07', '2026-03-09', 'nowhere/sales.csv']), 'nowhere/sales.csv'],
      ]
      for (const [{ code, stdout, stderr }, file] of refused) {
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
        expect(stderr).toBe(`${file} cannot be written (no such file or directory). Name another file.\n`)
      }
      const full = await openFile('/dev/full', 'w')
      const child = spawn(
        process.execPath,
        [resolve('dist/programs/owner.js'), 'sales', '2026-03-07', '2026-03-09'],
        {
          cwd: folder,
          env: { PATH: process.env.PATH, DATABASE_URL: database },
          stdio: ['ignore', full.fd, 'pipe'],
        },
      )
      expect(await text(child.stderr!)).toBe(
        'The standard output cannot be written (no space left on device). Name another file.\n',
      )
      await full.close()

      const half = join(folder, 'half.csv')
      async function* lines() {
        yield 'order,time\r\n'
        await Promise.resolve()
        throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28, syscall: 'write' })
      }
      await expect(writeNew(half, target => pipeline(lines, target))).rejects.toThrow(
        'half.csv cannot be written (no space left on device). Name another file.',
      )
      expect(existsSync(half)).toBe(false)
    })

    test('of more orders than a page holds are all there, once, in their order', async () => {
      const moments = Array.from({ length: 1_203 }, (_, index) =>
        // Three share each moment, also where a page ends.
        new Date(Date.UTC(2026, 4, 1) + Math.floor(index / 3) * 60_000).toISOString(),
      )
      await sold(moments)
      const lines = (await ownerDoes('sales', '2026-04-30', '2026-05-02')).trim().split('\r\n').slice(1)
      expect(lines.map(line => line.split(',')[2])).toEqual(
        moments.map(moment => moment.slice(0, 19).replace('T', ' ')),
      )
      expect(new Set(lines.map(line => line.split(',')[0])).size).toBe(moments.length)
    })
  })
})
