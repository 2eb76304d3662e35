import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { newKey } from '../../api/auth/key-format.ts'
import type { Scope } from '../../api/auth/scopes.ts'
import { EventType } from '../../api/events/event.entity.ts'
import { shopOf } from '../../api/shops/shop-of.ts'
import { startPracticeAgent } from '../../voice/practice/agent.ts'
import { databaseUrl, onServer, postgresql, startApi, type TestApi } from '../support/api.ts'
import { build } from '../support/built.ts'
import { freePort } from '../support/free-port.ts'
import { move, placeOrder } from '../support/orders.ts'
import { type Proxy, startProxy } from '../support/proxy.ts'
import { fits, type Recipe, recipesOf, Terminal } from '../support/recipes.ts'
import { startTroubled, type Trouble, type Troubled } from '../support/troubled.ts'
import { startVoice } from '../support/voice.ts'

const recipes = recipesOf(await readFile('docs/api.md', 'utf8'))

let folder: string
let api: TestApi
let agent: Awaited<ReturnType<typeof startPracticeAgent>>
let voice: Awaited<ReturnType<typeof startVoice>>
let terminal: Terminal
let proxy: Proxy
const closing: (() => unknown)[] = []

/** Recipes that run in another terminal, until the next heading. */
const beside: { recipe: Recipe; printed: () => Promise<string>; stop: () => Promise<void> }[] = []

beforeAll(async () => {
  await build()
  folder = await mkdtemp(join(tmpdir(), 'boba-recipes-'))
  closing.push(() => rm(folder, { recursive: true }))
  const secret = newKey()
  const port = await freePort()
  // A key made by the command line has to arrive in the database that the api reads.
  const database = postgresql() ? databaseUrl() : `sqlite:${join(folder, 'boba.db')}`
  if (postgresql()) closing.unshift(() => onServer(`drop database "${new URL(database).pathname.slice(1)}"`))
  api = await startApi({
    database,
    env: { VOICE_PORT: String(port), VOICE_API_KEY: secret },
    log: { heartbeat: 300 },
    webhooks: { allowPrivate: true, poll: 50, backOff: 10 },
  })
  closing.unshift(() => api.close())
  proxy = await startProxy(api.url)
  closing.unshift(() => proxy.close())
  agent = await startPracticeAgent()
  closing.unshift(() => agent.close())
  voice = await startVoice({
    apiUrl: api.url,
    key: secret,
    secret,
    agentUrl: agent.url,
    practice: true,
    patience: { drain: 0, farewell: 0 },
    port,
  })
  closing.unshift(() => voice.close())
  // `npm run` looks first whether anything has to be built, which the tests have done.
  await writeFile(
    join(folder, 'npm'),
    `#!/bin/sh\nname=$3; shift 4; cd '${resolve('.')}' && exec node "dist/programs/$name.js" "$@"\n`,
    { mode: 0o755 },
  )
  terminal = new Terminal(folder, {
    PATH: [folder, dirname(process.execPath), process.env.PATH].join(delimiter),
    DATABASE_URL: database,
    PORT: String(await freePort()),
  })
  closing.unshift(() => terminal.close())
})
afterAll(async () => {
  for (const close of closing) await close()
})

async function endBeside(): Promise<void> {
  for (const { recipe, printed, stop } of beside.splice(0)) {
    try {
      await expectPrinted(recipe, printed)
    } finally {
      await stop()
    }
  }
}

/** @param printed what there is so far, of something that goes on */
async function expectPrinted(
  { prints, line }: Recipe,
  printed: string | (() => Promise<string>),
): Promise<void> {
  const shown = `what docs/api.md shows at line ${line}:\n${prints?.text}`
  const told = (text: string) => (fits(prints, text) ? 'as shown' : text)
  if (typeof printed === 'string') return expect(told(printed), shown).toBe('as shown')
  await expect.poll(async () => told(await printed()), { timeout: 15_000, message: shown }).toBe('as shown')
}

let heading = ''

test.each(recipes)('$heading, line $line', { timeout: 60_000 }, async recipe => {
  if (recipe.heading !== heading) await endBeside()
  heading = recipe.heading
  // The one thing that differs from what is printed: where the shop is.
  const code = recipe.code.replaceAll('http://127.0.0.1:4000', proxy.url)
  const { code: exit, printed, complained, goesOn } = await terminal.run({ ...recipe, code })
  if (goesOn) {
    beside.push({ recipe, ...goesOn })
    // It has begun when it has said its first line.
    await expect.poll(goesOn.printed, { timeout: 15_000 }).toContain('\n')
    // What follows what happens comes back by itself, and is told what it has missed.
    proxy.cut()
    proxy.mend()
    return
  }
  expect({ exit, complained }).toEqual({ exit: 0, complained: '' })
  await expectPrinted(recipe, printed)
})

test('what runs beside others has printed what it should', endBeside)

const jsonOf = (code: string) => JSON.stringify({ errors: [{ message: 'No.', extensions: { code } }] })
const unavailable: Trouble = { status: 503, type: 'application/json', body: jsonOf('UNAVAILABLE') }
const badGateway: Trouble = { status: 502, type: 'text/html', body: '<h1>502 Bad Gateway</h1>' }

describe('when something is in the way', () => {
  /** A shop on which a stream lags as soon as two things happen at once, and a way to it that has its days. */
  async function trouble(
    ...scopes: Scope[]
  ): Promise<{ shop: TestApi; way: Troubled; env: Record<string, string> }> {
    const shop = await startApi({ log: { heartbeat: 100, buffer: 1 }, server: { recheck: 100 } })
    const way = await startTroubled(shop.url)
    onTestFinished(async () => {
      await way.close()
      await shop.close()
    })
    return { shop, way, env: { BOBA_URL: way.url, BOBA_KEY: await shop.key(...scopes) } }
  }

  /** Runs a recipe by its file, beside those it imports, in a terminal of its own. */
  async function runs(file: string, env: Record<string, string>) {
    const place = await mkdtemp(join(tmpdir(), 'boba-recipe-'))
    for (const { file: name, code } of recipes) if (name) await writeFile(join(place, name), code)
    const own = new Terminal(place, {
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      ...env,
    })
    onTestFinished(async () => {
      own.close()
      await rm(place, { recursive: true })
    })
    return own.run(recipes.find(recipe => recipe.file === file)!)
  }

  const keysOf = ({ asked }: Troubled) =>
    asked.map(({ body }) => (JSON.parse(body) as { variables: { key: string } }).variables.key)

  test.each([
    ['place.mjs', 'web-1002', /^Order \d{4} .*false\nOrder \d{4} .*true\n$/, 1],
    ['place.py', 'web-1003', /^UNKNOWN_FLAVOR /, 0],
  ])('%s sends the same again until there is an answer', async (file, key, printed, placedAgain) => {
    const { way, env } = await trouble('orders:write', 'orders:read')
    way.meet(unavailable, badGateway)
    expect(await runs(file, env)).toMatchObject({
      code: 0,
      complained: '',
      printed: expect.stringMatching(printed),
    })
    expect(keysOf(way)).toEqual(Array(3 + placedAgain).fill(key))
    way.meet('drop')
    expect(await runs(file, env)).toMatchObject({ code: 0, complained: '' })
  })

  test.each(['place.mjs', 'place.py'])('%s takes a refusal for one', async file => {
    const { way, env } = await trouble('orders:read')
    expect(await runs(file, env)).toMatchObject({
      code: 1,
      complained: expect.stringContaining('FORBIDDEN: '),
    })
    expect(way.asked).toHaveLength(1)
  })

  test.each(['follow-sse.mjs', 'follow-ws.mjs', 'follow.py'])(
    '%s goes on when it lags and when the shop is away, and gives up when its key is revoked',
    { timeout: 60_000 },
    async file => {
      const { shop, way, env } = await trouble('orders:read', 'orders:write')
      const key = env.BOBA_KEY!
      const { id } = await placeOrder(shop, key)
      way.meet(unavailable)
      const { goesOn } = await runs(file, file.includes('ws') ? { ...env, BOBA_URL: shop.url } : env)
      const printed = () => goesOn!.printed()
      const tells = (words: string) => expect.poll(printed, { timeout: 20_000 }).toContain(words)
      await tells('1 orders so far.')
      await move(shop, key, 'startOrder', id)
      await tells('PREPARING')
      way.meet(badGateway, unavailable, 'drop')
      const { id: of } = await shopOf(shop.orm.em.fork())
      await shop.log.change(shop.orm.em.fork(), async tx => {
        for (let at = 0; at < 3; at += 1) await tx.append(of, { type: EventType.MENU_CHANGED })
      })
      await move(shop, key, 'markOrderReady', id)
      await tells('READY')
      const told = [...(await printed()).matchAll(/^ORDER_STATUS_CHANGED.* ([A-Z]+)\.?$/gm)]
      expect(told.map(([, status]) => status)).toEqual(['PREPARING', 'READY'])
      await shop.orm.em.fork().execute('update api_key set revoked_at = created_at')
      expect(await goesOn!.ended()).toMatchObject({
        code: 1,
        complained: expect.stringContaining('UNAUTHENTICATED'),
      })
    },
  )

  test.each(['receive.mjs', 'receive.py'])('%s tells a repeat by its id', async file => {
    const secret = `whsec_${Buffer.from('a secret of the tests, of 32 byte').toString('base64')}`
    const port = await freePort()
    const { goesOn } = await runs(file, { PORT: String(port), BOBA_WEBHOOK_SECRET: secret })
    await expect.poll(goesOn!.printed).toBe('Listening.\n')
    const order = { number: '4782', status: 'RECEIVED', total: { amount: '5.50' } }
    const body = JSON.stringify({ type: 'ORDER_CREATED', timestamp: new Date(), data: { order } })
    for (const id of ['msg_1', 'msg_1', 'msg_2']) {
      const at = new Date()
      const { status } = await fetch(`http://127.0.0.1:${port}/boba`, {
        method: 'POST',
        headers: {
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
          'webhook-signature': new Webhook(secret).sign(id, at, body),
        },
        body,
      })
      expect(status).toBe(204)
    }
    await expect
      .poll(async () => (await goesOn!.printed()).replace(/(ORDER_CREATED).*/g, '$1'))
      .toBe('Listening.\nORDER_CREATED\nThe same once more.\nORDER_CREATED\n')
  })
})

test.each([
  '```ruby\nputs 1\n```',
  '```js\nlet a\n```',
  '    curl http://127.0.0.1',
  '```json\n{}\n```',
  '~~~bash\nls\n~~~',
  '```bash\nls',
])('a block that nobody would run is found: %j', page => expect(() => recipesOf(page)).toThrow('line 1'))
