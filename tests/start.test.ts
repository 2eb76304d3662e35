import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFailed, test } from 'vitest'
import { Caller } from './support/caller.ts'

let folder: string
let started: ChildProcess[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bobarista-'))
  started = []
})
afterEach(async () => {
  for (const child of started) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  rmSync(folder, { recursive: true })
})

interface Shop {
  child: ChildProcess
  output: () => string
  /** Waits until this was printed. */
  prints(pattern: RegExp): Promise<RegExpExecArray>
  ended(): Promise<number | null>
}

/** What `npm start` runs, or that itself, with a database of its own and free ports. */
function startShop(env: Record<string, string> = {}, byNpm = false): Shop {
  const [program, args] = byNpm ? ['npm', ['start']] : [process.execPath, ['scripts/start.ts']]
  const child = spawn(program, args, {
    // A group of its own, as in a terminal.
    detached: byNpm,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      LOG_LEVEL: 'silent',
      API_PORT: '0',
      VOICE_PORT: '0',
      DATABASE_URL: `sqlite:${folder}/bobarista.db`,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  let output = ''
  onTestFailed(() => console.error(output))
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exited = once(child, 'exit') as Promise<[number | null]>
  return {
    child,
    output: () => output,
    async prints(pattern) {
      for (;;) {
        const match = pattern.exec(output)
        if (match) return match
        if (child.exitCode !== null) throw new Error(`It ended without printing ${pattern}: ${output}`)
        await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), exited])
      }
    },
    ended: async () => (await exited)[0],
  }
}

const ask = async (url: string, query: string, key: string) =>
  (
    (await (
      await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
        body: JSON.stringify({ query }),
      })
    ).json()) as { data: Record<string, never> }
  ).data as Record<string, { order: { number: string }; nodes: { number: string }[] }>

test(
  'one command opens the shop, says where everything is, and the next start finds all orders again',
  { timeout: 90_000 },
  async () => {
    const first = startShop()
    const [, graphql] = await first.prints(/GraphQL\s+(\S+)/)
    const [, pin] = await first.prints(/staff PIN (\d{6})/)
    await first.prints(/npm run call to place an order/)
    expect(first.output()).toMatch(/Board\s+http:\S+\/board\//)
    expect(first.output()).toMatch(/Console\s+http:\S+\/barista\//)
    expect(first.output()).toMatch(/Voice agent\s+practice agent \(DEEPGRAM_API_KEY is not set\)/)
    expect(first.output()).toMatch(/Texts\s+not sent, practice \(TWILIO_ACCOUNT_SID is not set\)/)
    expect((await fetch(graphql!.replace('/graphql', '/board/'))).status).toBe(200)

    const key = await createKey()
    const placed = await ask(
      graphql!,
      `mutation { placeOrder(idempotencyKey: "1", input: { drinks: [{ flavor: "taro" }], phone: "5551234567" }) {
      ... on PlacedOrder { order { number } } } }`,
      key,
    )
    first.child.kill('SIGINT')
    expect(await first.ended()).toBe(0)

    const second = startShop()
    const [, again] = await second.prints(/GraphQL\s+(\S+)/)
    expect((await second.prints(/staff PIN (\d{6})/))[1]).toBe(pin)
    const { orders } = await ask(again!, '{ orders(first: 10) { nodes { number } } }', key)
    expect(orders!.nodes).toEqual([{ number: placed.placeOrder!.order.number }])
    expect(statSync(join(folder, 'secrets.json')).mode & 0o077).toBe(0)
  },
)

async function createKey(): Promise<string> {
  const child = spawn(
    process.execPath,
    ['dist/programs/api-key.js', 'create', 'Test', '--scope', 'orders:read', '--scope', 'orders:write'],
    { env: { ...process.env, DATABASE_URL: `sqlite:${folder}/bobarista.db` } },
  )
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await once(child, 'close')
  return /boba_\w+/.exec(output)![0]
}

test.each<[string, () => Promise<[Record<string, string>, RegExp]>]>([
  ['a wrong variable', async () => [{ API_PORT: 'eighty' }, /API_PORT/]],
  ['a wrong variable of voice', async () => [{ AGENT_AUDIO: 'mp3' }, /AGENT_AUDIO/]],
  [
    'a file that is no database',
    async () => {
      writeFileSync(join(folder, 'bobarista.db'), 'This is a shopping list.'.repeat(100))
      return [{}, /bobarista\.db cannot be used/]
    },
  ],
  [
    'a taken port',
    async () => {
      const other = createServer().listen(0, '127.0.0.1')
      await once(other, 'listening')
      other.unref()
      const { port } = other.address() as AddressInfo
      return [{ API_PORT: String(port) }, new RegExp(`${port}`)]
    },
  ],
  ['a missing secret in production', async () => [{ NODE_ENV: 'production' }, /STAFF_PIN/]],
])('%s: one sentence that names it, no stack, exit code 1', async (_what, prepare) => {
  const [env, named] = await prepare()
  const shop = startShop(env)
  expect(await shop.ended()).toBe(1)
  expect(shop.output()).toMatch(named)
  expect(shop.output()).not.toMatch(/\n\s+at /)
  expect(shop.output().trim().split('\n')).toHaveLength(1)
})

test('several voice processes share the port, the calls and the numbers', { timeout: 60_000 }, async () => {
  const shop = startShop({ VOICE_WORKERS: '2', DRAIN_SECONDS: '0' })
  const [, voice] = await shop.prints(/Phone calls\s+(http:\S+)\/voice/)
  await Promise.all(
    Array.from({ length: 8 }, async (_, index) => {
      const response = await fetch(`${voice}/voice`, {
        method: 'POST',
        // Connections are dealt out in turn, so that each call needs its own.
        headers: { Connection: 'close' },
        body: new URLSearchParams({ CallSid: `CA${index}`, From: '+15550004567' }),
      })
      expect(await response.text()).toContain('<Stream')
    }),
  )
  expect(await (await fetch(`${voice}/metrics`)).text()).toContain('bobarista_live_calls 8')
  shop.child.kill('SIGTERM')
  expect(await shop.ended()).toBe(0)
})

test('a part that dies is started again', { timeout: 60_000 }, async () => {
  const shop = startShop()
  const [, voice] = await shop.prints(/Phone calls\s+(http:\S+)\/voice/)
  const port = new URL(voice!).port
  await shop.prints(/Ctrl-C/)
  expect(port).toMatch(/^\d+$/)
  const children = await childrenOf(shop.child.pid!)
  process.kill(children.at(-1)!, 'SIGKILL')
  await shop.prints(/voice\/main\.ts ended unexpectedly; it is started again/)
  shop.child.kill('SIGTERM')
  expect(await shop.ended()).toBe(0)
})

test('a shop that npm started ends with npm', { timeout: 60_000 }, async () => {
  const shop = startShop({}, true)
  try {
    const [, voice] = await shop.prints(/Phone calls\s+(http:\S+)\/voice/)
    const [, graphql] = await shop.prints(/GraphQL\s+(\S+)/)
    await shop.prints(/Ctrl-C/)
    shop.child.kill('SIGTERM')
    await shop.ended()
    for (const url of [voice!, graphql!]) await expect(fetch(url)).rejects.toThrow('fetch failed')
  } finally {
    // Whoever of the group is left.
    try {
      process.kill(-shop.child.pid!, 'SIGTERM')
    } catch {
      // Nobody.
    }
  }
})

test('who cannot wait for live calls to end presses Ctrl-C again', { timeout: 60_000 }, async () => {
  const shop = startShop({ DRAIN_SECONDS: '600' })
  const [, voice] = await shop.prints(/Phone calls\s+(http:\S+)\/voice/)
  await shop.prints(/Ctrl-C/)
  const caller = await new Caller({ voiceUrl: voice! }).connect()
  await caller.hears(160)
  // One Ctrl-C comes twice, from the terminal and from npm. Another signal here: two of the same may be one.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) shop.child.kill(signal)
  await shop.prints(/Press Ctrl-C again to cut them off; no order is lost/)
  shop.child.kill('SIGINT')
  expect(await shop.ended()).toBe(130)
  await caller.givenBack()
  const answers = () =>
    fetch(`${voice}/healthz`).then(
      () => true,
      () => false,
    )
  await expect.poll(answers).toBe(false)
})

/** Process ids, in the order they were started. */
async function childrenOf(pid: number): Promise<number[]> {
  const child = spawn('ps', ['--ppid', String(pid), '-o', 'pid='])
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await once(child, 'close')
  return output
    .trim()
    .split(/\s+/)
    .map(Number)
    .filter(id => id !== child.pid)
}
