import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newKey } from '../../api/auth/key-format.ts'
import { startPracticeAgent } from '../../voice/practice/agent.ts'
import { databaseUrl, onServer, postgresql, startApi, type TestApi } from '../support/api.ts'
import { build } from '../support/built.ts'
import { freePort } from '../support/free-port.ts'
import { type Proxy, startProxy } from '../support/proxy.ts'
import { fits, type Recipe, recipesOf, Terminal } from '../support/recipes.ts'
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
    `#!/bin/sh\nname=$3; shift 4; cd '${resolve('.')}' && exec node "dist/api/$name.js" "$@"\n`,
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

test.each([
  '```ruby\nputs 1\n```',
  '```js\nlet a\n```',
  '    curl http://127.0.0.1',
  '```json\n{}\n```',
  '~~~bash\nls\n~~~',
  '```bash\nls',
])('a block that nobody would run is found: %j', page => expect(() => recipesOf(page)).toThrow('line 1'))
