import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPracticeAgent } from '../../voice/practice/agent.ts'
import { dial } from '../../voice/practice/phone.ts'
import { readScript } from '../../voice/practice/script.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { startVoice } from '../support/voice.ts'

const running = new Set<ChildProcess>()
afterAll(() => {
  for (const child of running) child.kill()
})

/** Runs `npm run call`. @param lines what is typed, each when the line before it was printed */
function runCall(
  args: string[],
  { type = [], env = {} }: { type?: [after: RegExp, line: string][]; env?: Record<string, string> } = {},
): Promise<{ code: number | null; output: string; errors: string }> {
  const child = spawn(process.execPath, ['voice/practice/call.ts', ...args], {
    env: { ...process.env, TWILIO_AUTH_TOKEN: '', PUBLIC_URL: '', FORCE_COLOR: undefined, ...env },
  })
  running.add(child)
  child.once('close', () => running.delete(child))
  const left = [...type]
  let output = ''
  let errors = ''
  let from = 0
  child.stdout.on('data', chunk => {
    output += chunk
    const [next] = left
    if (!next || !next[0].test(output.slice(from))) return
    left.shift()
    from = output.length
    child.stdin.write(`${next[1]}\n`)
  })
  child.stderr.on('data', chunk => (errors += chunk))
  return new Promise(resolve => child.once('close', code => resolve({ code, output, errors })))
}

describe('on a whole shop', () => {
  let api: TestApi
  let agent: Awaited<ReturnType<typeof startPracticeAgent>>
  let voice: Awaited<ReturnType<typeof startVoice>>
  beforeAll(async () => {
    api = await startApi()
    agent = await startPracticeAgent()
    voice = await startVoice({
      apiUrl: api.url,
      key: await api.key('calls:write'),
      agentUrl: agent.url,
      audio: 'linear16',
      twilioAuthToken: '12345',
    })
  })
  afterAll(async () => {
    await voice.close()
    await agent.close()
    await api.close()
  })
  const env = { TWILIO_AUTH_TOKEN: '12345' }

  test('the example call comes out as an order', { timeout: 60_000 }, async () => {
    const { code, output, errors } = await runCall(
      ['--url', voice.url, '--script', 'calls/taro-with-boba.txt'],
      { env },
    )
    expect(errors).toBe('')
    expect(code).toBe(0)
    const [, digits] = /Agent {2}Your order number is (.+)\./.exec(output) ?? []
    const number = digits!.replaceAll(', ', '')
    expect(output).toContain(`The order number is ${number}.`)
    expect(output).toContain('Twilio Connecting you')
    expect(output).toMatch(/^You {4}I'd like a taro milk tea with boba/m)
    const { data } = await api.ask<{ order: object }>(
      'query ($number: String) { order(number: $number) { phone items { flavor toppings sweetness ice } } }',
      { number },
      await api.key('orders:read', 'orders:pii'),
    )
    const drink = { flavor: 'taro milk tea', toppings: ['boba'], sweetness: '50%', ice: 'less ice' }
    expect(data.order).toEqual({ phone: '+15551234567', items: [drink] })
  })

  test('somebody talks from a terminal', { timeout: 60_000 }, async () => {
    const { code, output, errors } = await runCall(['--url', voice.url], {
      env,
      type: [
        [/What would you like to order\?/, '/help'],
        [/\/press/, '/press 12x'],
        [/keys 0 to 9/, 'What do you have?'],
        [/What would you like to order\?/, 'bye'],
      ],
    })
    expect(errors).toBe('')
    expect(code).toBe(0)
    expect(output).toMatch(/Agent {2}We have taro milk tea and black milk tea\./)
    expect(output).toMatch(/Agent {2}Goodbye!/)
    expect(output).toContain('(hung up)')
    // Nobody sees colours here.
    expect(output).not.toContain('\u001b[')
  })

  test(
    'a caller who hangs up before ordering has no order, and is told so',
    { timeout: 60_000 },
    async () => {
      const typed = await runCall(['--url', voice.url], { env, type: [[/What would you like/, '/hangup']] })
      expect(typed).toMatchObject({ code: 0, errors: '' })
      expect(typed.output).toContain('(caller hung up)')

      const folder = await mkdtemp(join(tmpdir(), 'bobarista-'))
      try {
        const script = join(folder, 'silent.txt')
        await writeFile(script, 'What do you have?\n> taro\n/hangup\n')
        const { code, errors } = await runCall(['--url', voice.url, '--script', script], { env })
        expect(code).toBe(1)
        expect(errors).toBe('The order did not come out: no order number was heard.\n')
      } finally {
        await rm(folder, { recursive: true })
      }
    },
  )

  test('a caller who was cut off calls back and orders what they had', { timeout: 60_000 }, async () => {
    const from = '+15550006789'
    const call = () => dial({ voiceUrl: voice.url, authToken: '12345', from })
    const first = await call()
    await first.hears(/What would you like to order\?/)
    await first.say('a taro milk tea with boba')
    await first.hears(/Is that right\?/)
    await first.hangUp()
    await first.ended

    const second = await call()
    await second.hears(/You had one taro milk tea with boba, .*Shall we go on\?/)
    await second.say('yes')
    await second.hears(/That is one taro milk tea with boba.*Is that right\?/)
    await second.say('yes')
    await second.hears(/anything else/)
    await second.say("no, that's all")
    await second.hears(/ending 6, 7, 8, 9\?|ending 6 7 8 9\?/)
    await second.say('yes')
    await second.hears(/order number is/)
    await second.say('bye')
    await second.ended
  })

  test('a wrong signature is explained', async () => {
    const { code, errors } = await runCall(['--url', voice.url], { env: { TWILIO_AUTH_TOKEN: 'wrong' } })
    expect(code).toBe(1)
    expect(errors).toContain('The webhook answered 403')
    expect(errors).toContain('TWILIO_AUTH_TOKEN')
  })
})

describe('what does not come out is said in a sentence', () => {
  let url: string
  let close: () => void
  beforeAll(async () => {
    const server = createServer((_, reply) =>
      reply
        .writeHead(200, { 'Content-Type': 'text/xml' })
        .end('<Response><Say>We are closed.</Say><Hangup/></Response>'),
    )
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    close = () => server.close()
  })
  afterAll(() => close())

  test('voice does not run', async () => {
    const { code, errors } = await runCall([], { env: { VOICE_PORT: '1' } })
    expect(code).toBe(1)
    expect(errors).toBe('Nothing answers at http://127.0.0.1:1. Start it with npm start.\n')
  })

  test('what the script waits for is never heard', async () => {
    const { code, output, errors } = await runCall(['--url', url, '--script', 'calls/taro-with-boba.txt'])
    expect(code).toBe(1)
    expect(output).toContain('We are closed.')
    expect(errors).toContain('Did not hear /what would you like to order/i. The call has ended: hung up.')
  })

  test('the script or the arguments are wrong', async () => {
    expect(await runCall(['--url', url, '--script', 'calls/none.txt'])).toMatchObject({
      code: 1,
      errors: 'The script calls/none.txt cannot be read.\n',
    })
    expect((await runCall(['--url', 'tea'])).errors).toContain('tea is no http address.')
    expect((await runCall(['--loud'])).errors).toContain('npm run call -- --script FILE')
    expect(await runCall(['--help'])).toMatchObject({ code: 0, errors: '' })
  })
})

test('a script is read line by line', () => {
  expect(readScript('# remark\n\n> Order (number)\nI want tea\n/press 12#\n /hangup \n')).toEqual([
    { do: 'hear', pattern: /Order (number)/i },
    { do: 'say', text: 'I want tea' },
    { do: 'press', keys: '12#' },
    { do: 'hangUp' },
  ])
  expect(() => readScript('> (')).toThrow('is no regular expression')
  expect(() => readScript('/dance')).toThrow('"/dance" is none of the commands')
  expect(() => readScript('/press tea')).toThrow('"/press tea"')
})
