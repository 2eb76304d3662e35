import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createHistogram } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { frameOf, frameReader, opcodes } from './frames.ts'
import { note, type Percentiles, percentilesOf } from './statistics.ts'

/** Length of a frame of sound, in milliseconds. */
const frame = 20

/** How long a call may take to be answered, in milliseconds. */
const patience = 10_000

/** A bridge that does not keep up with the calls it has. */
export class Overloaded extends Error {
  constructor() {
    super('A call was not answered: the bridge is overloaded, or something else has taken its core.')
  }
}

/** What passed between the two ends in a stretch of time. */
export interface Passage {
  /** Delay from the caller's socket to the agent's. */
  up: Percentiles
  /** Delay from the agent's socket to the caller's. */
  down: Percentiles
  /** Parts of one core that the driver itself used. */
  driver: number
  /** Frames that came without having been sent: a bridge fills gaps with silence. */
  extra: number
  /** Frames that are still on their way, most of all calls. */
  late: number
}

/** Both ends of many calls: callers who speak all the time, and the agent, who does too. */
export interface Driver {
  /** Where the agent is. */
  agentUrl: string
  /**
   * Makes as many calls more.
   * @throws Overloaded when one is not answered in time
   */
  call(voiceUrl: string, count: number): Promise<void>
  measure(ms: number): Promise<Passage>
  /** Hangs up the oldest calls, all if omitted, and waits until the agent was left too. */
  hangUp(count?: number): Promise<void>
  close(): Promise<void>
}

/** One way of one call: frames come out in the order they went in. */
interface Way {
  socket: Socket
  frame: Buffer
  /** When the frames that are on their way were sent, oldest first. */
  sent: number[]
}

/** @param agentBytes how much sound the agent sends each 20 ms */
export async function startDriver(agentBytes: number): Promise<Driver> {
  const up = createHistogram()
  const down = createHistogram()
  let extra = 0
  let called = 0
  const calls: { caller: Socket; agent: Socket; gone: Promise<unknown>; streamSid: string; ways: Way[] }[] =
    []
  /** One slot for each millisecond of a frame: the calls' frames are spread over it. */
  const wheel: Way[][] = Array.from({ length: frame }, () => [])
  /** Every socket, those of calls that were never made included: the server closes when the last one has. */
  const open = new Set<Socket>()
  const keep = (socket: Socket) => {
    socket.setNoDelay()
    socket.on('error', () => socket.destroy())
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  }
  let nextAgent = Promise.withResolvers<Socket>()

  const server = createServer()
  server.on('upgrade', (upgrade: IncomingMessage, socket: Socket) => {
    keep(socket)
    // RFC 6455, section 4.2.2.
    const accept = createHash('sha1')
      .update(`${upgrade.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    socket.write(frameOf(opcodes.text, '{"type":"Welcome","request_id":"bench"}', false))
    nextAgent.resolve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  let due = performance.now()
  const clock = setInterval(() => {
    for (const now = performance.now(); due <= now; due += 1) {
      for (const way of wheel[Math.floor(due) % frame]!) {
        way.sent.push(performance.now())
        way.socket.write(way.frame)
      }
    }
  }, 1)

  function arrives(way: Way, histogram: typeof up): void {
    const sent = way.sent.shift()
    if (sent === undefined) extra += 1
    else note(histogram, performance.now() - sent)
  }

  async function callOne(voiceUrl: string, number: number): Promise<void> {
    const id = number.toString(16).padStart(32, '0')
    const streamSid = `MZ${id}`
    const { promise: agentComes } = nextAgent
    const token = await ring(voiceUrl, `CA${id}`)
    const caller = await openStream(voiceUrl)
    keep(caller)
    const say = (message: object) => caller.write(frameOf(opcodes.text, JSON.stringify(message), true))
    say({ event: 'connected', protocol: 'Call', version: '1.0.0' })
    say({
      event: 'start',
      sequenceNumber: '1',
      streamSid,
      start: { streamSid, callSid: `CA${id}`, tracks: ['inbound'], customParameters: { token } },
    })
    const agent = await agentComes
    nextAgent = Promise.withResolvers<Socket>()

    const upwards: Way = { socket: caller, frame: callersFrame(streamSid), sent: [] }
    const downwards: Way = {
      socket: agent,
      frame: frameOf(opcodes.binary, sound(agentBytes), false),
      sent: [],
    }
    agent.on(
      'data',
      frameReader(opcode => {
        if (opcode === opcodes.binary) arrives(upwards, up)
        else if (opcode === opcodes.close) agent.end()
        else if (opcode === opcodes.ping) agent.write(frameOf(opcodes.pong, '', false))
        else agent.write(frameOf(opcodes.text, '{"type":"SettingsApplied"}', false))
      }),
    )
    caller.on(
      'data',
      frameReader(opcode => {
        if (opcode === opcodes.text) arrives(downwards, down)
        else if (opcode === opcodes.close) caller.end()
        else if (opcode === opcodes.ping) caller.write(frameOf(opcodes.pong, '', true))
      }),
    )
    calls.push({ caller, agent, gone: once(agent, 'close'), streamSid, ways: [upwards, downwards] })
    wheel[(number * 7) % frame]!.push(upwards)
    wheel[(number * 7 + frame / 2) % frame]!.push(downwards)
  }

  return {
    agentUrl: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/agent/converse`,
    async call(voiceUrl, count) {
      for (let more = 0; more < count; more++) {
        const giveUp = new AbortController()
        const late = delay(patience, 'late', { signal: giveUp.signal }).catch(() => undefined)
        const first = await Promise.race([callOne(voiceUrl, (called += 1)), late])
        giveUp.abort()
        if (first === 'late') throw new Overloaded()
      }
    },
    async measure(ms) {
      up.reset()
      down.reset()
      extra = 0
      const cpu = process.cpuUsage()
      const began = performance.now()
      await delay(ms)
      const { user, system } = process.cpuUsage(cpu)
      return {
        up: percentilesOf(up),
        down: percentilesOf(down),
        driver: (user + system) / 1_000 / (performance.now() - began),
        extra,
        late: Math.max(0, ...calls.flatMap(({ ways }) => ways.map(({ sent }) => sent.length))),
      }
    },
    async hangUp(count = calls.length) {
      const leaving = calls.splice(0, count)
      const silent = new Set(leaving.flatMap(({ ways }) => ways))
      for (const [index, slot] of wheel.entries()) wheel[index] = slot.filter(way => !silent.has(way))
      for (const { caller, streamSid } of leaving) {
        caller.write(frameOf(opcodes.text, JSON.stringify({ event: 'stop', streamSid, stop: {} }), true))
        caller.end()
      }
      await Promise.all(leaving.map(({ gone }) => gone))
    },
    async close() {
      clearInterval(clock)
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Speech-like bytes: never silent, the same for everybody. */
function sound(bytes: number): Buffer {
  return Buffer.from(Array.from({ length: bytes }, (_, index) => (index * 73 + (index >> 3) * 31) & 0x7f))
}

/** 20 ms of μ-law as Twilio sends it; the numbers in it stand still, nobody looks at them. */
function callersFrame(streamSid: string): Buffer {
  const payload = sound(160).toString('base64')
  const media = { track: 'inbound', chunk: '4711', timestamp: '94220', payload }
  return frameOf(
    opcodes.text,
    JSON.stringify({ event: 'media', sequenceNumber: '4712', media, streamSid }),
    true,
  )
}

/** The phone rings. → the token that the stream has to bring */
async function ring(voiceUrl: string, callSid: string): Promise<string> {
  const response = await fetch(`${voiceUrl}/voice`, {
    method: 'POST',
    body: new URLSearchParams({ CallSid: callSid, From: '+15550004567', To: '+15550001111' }),
  })
  const twiml = await response.text()
  const [, token] = /name="token" value="([^"]+)"/.exec(twiml) ?? []
  if (!token) throw new Error(`A call was not taken (${response.status}): ${twiml}`)
  return token
}

function openStream(voiceUrl: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    request(`${voiceUrl}/twilio`, {
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': Buffer.alloc(16, 'boba').toString('base64'),
      },
    })
      .on('upgrade', (_response, socket: Socket) => resolve(socket))
      .on('response', ({ statusCode }) => reject(new Error(`The stream was refused (${statusCode}).`)))
      .on('error', reject)
      .end()
  })
}
