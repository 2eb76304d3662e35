import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newKey } from '../../api/auth/key-format.ts'
import { readApiEnv } from '../../api/env.ts'
import { StartError } from '../../env.ts'
import { build, type Ended, run, type Running } from '../support/built.ts'

let folder: string
const running: Running[] = []
beforeAll(build, 120_000)
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boba-start-'))
  await writeFile(join(folder, 'menu.json'), await readFile('menu.json'))
})
afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGKILL')
    await ended
  }
  await rm(folder, { recursive: true })
})

const pin = '482913'
const variables = { STAFF_PIN: pin, API_PORT: '0', DATABASE_URL: 'sqlite:data/shop.db' }

function start(more: Record<string, string> = {}): Running {
  const started = run('api', { ...variables, ...more }, [], folder)
  running.push(started)
  return started
}

/** One sentence on stderr that names what is wrong, exit code 1, no stack. */
function expectSentence({ code, stdout, stderr }: Ended, ...words: (string | RegExp)[]): void {
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(stderr.trim().split('\n')).toHaveLength(1)
  for (const word of words) expect(stderr).toMatch(word)
  expect(stdout).toBe('')
  expect(code).toBe(1)
}

const ask = async (url: string, query: string, key?: string) =>
  (
    await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...(key && { Authorization: `Bearer ${key}` }) },
      body: JSON.stringify({ query }),
    })
  ).json() as Promise<{ data: Record<string, { orderNumber: string }> }>

describe('a wrong variable is named in one sentence', () => {
  test.each<[Record<string, string>, ...string[]]>([
    [{ STAFF_PIN: '' }, 'STAFF_PIN', 'is missing'],
    [{ STAFF_PIN: '12' }, 'STAFF_PIN', 'at least 4'],
    [{ API_PORT: 'four' }, 'API_PORT', 'is no port'],
    [{ API_PORT: '70000' }, 'API_PORT', 'is no port'],
    [{ DATABASE_URL: 'mysql://localhost/boba' }, 'DATABASE_URL', 'sqlite:FILE'],
    [{ TRUST_PROXY: 'everybody' }, 'TRUST_PROXY', 'is no list of addresses such as "loopback"'],
    [{ RATE_LIMIT_FACTOR: '0' }, 'RATE_LIMIT_FACTOR', 'is less than 0.01'],
    [{ VOICE_API_KEY: 'secret' }, 'VOICE_API_KEY', 'starts with boba_'],
    [{ PUBLIC_URL: 'boba.example.com' }, 'PUBLIC_URL', 'https://boba.example.com'],
    [{ CORS_ORIGINS: 'https://app.example.com, elsewhere' }, 'CORS_ORIGINS', 'https://boba.example.com'],
    [{ TWILIO_AUTH_TOKEN: 'x' }, 'TWILIO_ACCOUNT_SID', 'TWILIO_FROM_NUMBER', 'is missing'],
    [
      { TWILIO_ACCOUNT_SID: 'x', TWILIO_AUTH_TOKEN: 'x', TWILIO_FROM_NUMBER: '555' },
      'TWILIO_ACCOUNT_SID',
      'TWILIO_FROM_NUMBER',
    ],
    [{ TWILIO_API_BASE: 'here' }, 'TWILIO_API_BASE'],
    [{ READY_HOLD_SECONDS: '61' }, 'READY_HOLD_SECONDS', 'more than 60 seconds'],
    [{ SMS_RETRY_SECONDS: '0' }, 'SMS_RETRY_SECONDS', 'less than 0.1 seconds'],
    [{ SMS_RECHECK_SECONDS: 'soon' }, 'SMS_RECHECK_SECONDS', 'no number of seconds'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
    [{ NODE_ENV: 'production' }, 'VOICE_API_KEY', 'is missing'],
  ])('%j', (wrong, ...words) => {
    const read = () => readApiEnv({ ...variables, ...wrong })
    expect(read).toThrow(StartError)
    for (const word of words) expect(read).toThrow(word)
  })

  test('also when there are two, and without a stack', async () => {
    expectSentence(await start({ STAFF_PIN: '', API_PORT: 'x' }).ended, 'STAFF_PIN', 'API_PORT')
  })

  test('also when it stands in .env, where an empty line means nothing', async () => {
    await writeFile(join(folder, '.env'), 'LOG_LEVEL=loud\nAPI_PORT=\nPUBLIC_URL=\n')
    expectSentence(await start().ended, 'LOG_LEVEL')
  })

  test('also when only the start can tell', async () => {
    expectSentence(await start({ MENU_FILE: 'none.json' }).ended, 'MENU_FILE', 'none.json')
    expectSentence(await start({ HOST: '203.0.113.7' }).ended, 'HOST', '203.0.113.7')
  })
})

test('a menu file with a mistake is named with the mistake', async () => {
  const menu = JSON.parse(await readFile('menu.json', 'utf8'))
  menu.addOns[0].requires = 'whipped butter'
  await writeFile(join(folder, 'menu.json'), JSON.stringify(menu))
  expectSentence(await start().ended, 'menu.json', 'whipped butter')
  await writeFile(join(folder, 'menu.json'), '{ "shop": ')
  expectSentence(await start().ended, 'menu.json')
})

test('a taken port is named', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  expectSentence(await start({ API_PORT: String(port) }).ended, `Port ${port}`, 'is taken', 'API_PORT')
  other.close()
})

describe('a database that cannot be used is named', () => {
  test('because it is something else', async () => {
    await mkdir(join(folder, 'data'))
    await writeFile(join(folder, 'data/shop.db'), randomBytes(8_192))
    expectSentence(await start().ended, 'sqlite:data/shop.db', 'not a database', 'DATABASE_URL')
  })

  test('because it is a folder', async () => {
    await mkdir(join(folder, 'data/shop.db'), { recursive: true })
    expectSentence(await start().ended, 'sqlite:data/shop.db', 'DATABASE_URL')
  })

  test('because nobody is there, without its password', async () => {
    const { ended } = start({ DATABASE_URL: 'postgres://boba:secret@127.0.0.1:1/boba' })
    const result = await ended
    expectSentence(result, 'postgres', 'DATABASE_URL')
    expect(result.stderr).not.toContain('secret')
  })
})

test('it says where it is, logs JSON and nothing else, and ends cleanly when told to', async () => {
  const { child, ready, ended } = start()
  const { ready: url } = await ready
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect((await ask(url, '{ menu { shop { name } } }')).data).toEqual({
    menu: { shop: { name: 'BobaRista' } },
  })
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  child.kill('SIGTERM')
  const { code, signal, stdout, stderr } = await ended
  expect({ code, signal, stdout }).toEqual({ code: 0, signal: null, stdout: '' })
  for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ process: 'api' })
})

test.each(['SIGINT', 'disconnect'] as const)('it ends cleanly on %s too', async reason => {
  const { child, ready, ended } = start()
  await ready
  if (reason === 'disconnect') child.disconnect()
  else child.kill(reason)
  expect(await ended).toMatchObject({ code: 0, signal: null })
})

test.each(['SIGTERM', 'SIGKILL'] as const)('after %s the next start finds all orders again', async signal => {
  const key = newKey()
  const voice = { VOICE_API_KEY: key }
  const first = start(voice)
  const { ready: url } = await first.ready
  const { data } = await ask(
    url,
    `mutation {
      startCall(input: { callSid: "CA1" }) { id }
      addToCart(call: "CA1", request: "1", drink: { flavor: "taro" }) { ok }
      checkoutOrder(call: "CA1", request: "2", phone: "555-123-4567") { orderNumber }
    }`,
    key,
  )
  const { orderNumber } = data.checkoutOrder!
  first.child.kill(signal)
  await first.ended
  const { ready: again } = await start(voice).ready
  const status = await ask(again, '{ board { orders { number status } } }')
  expect(status.data).toEqual({ board: { orders: [{ number: orderNumber, status: 'RECEIVED' }] } })
  const repeated = await ask(
    again,
    'mutation { checkoutOrder(call: "CA1", request: "2", phone: "555-123-4567") { orderNumber } }',
    key,
  )
  expect(repeated.data).toEqual({ checkoutOrder: { orderNumber } })
})

test('phone numbers and names are not in the log', async () => {
  const key = newKey()
  const { child, ready, ended } = start({ VOICE_API_KEY: key, LOG_LEVEL: 'trace' })
  const { ready: url } = await ready
  await ask(
    url,
    `mutation {
      startCall(input: { callSid: "CA1", from: "+15557654321" }) { id }
      addToCart(call: "CA1", request: "1", drink: { flavor: "taro" }) { ok }
      checkoutOrder(call: "CA1", request: "2", phone: "555-123-4567", name: "Adalbert") { orderNumber }
    }`,
    key,
  )
  child.kill('SIGTERM')
  const { stderr } = await ended
  expect(stderr).not.toMatch(/5551234567|5557654321|Adalbert/)
})
