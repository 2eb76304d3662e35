import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import Koa from 'koa'
import type { Logger } from 'pino'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Api } from './api.ts'
import { AgentLine } from './agent-line.ts'
import { type AgentAudio, type AudioFormat, createCodec } from './audio/codec.ts'
import type { CallSummary } from './call-numbers.ts'
import { Call } from './call.ts'
import { greeting, keytermsOf, promptFor } from './deepgram/prompt.ts'
import { type AgentModels, settings } from './deepgram/settings.ts'
import { VoiceAgent } from './deepgram/voice-agent.ts'
import {
  callIntent,
  type CallIntent,
  endCall,
  type EndReason,
  type LiveMenu,
  startCall,
  type StartedCall,
} from './documents.ts'
import { readFunctions, toolsOf } from './functions/functions.ts'
import { runFunction } from './functions/run-function.ts'
import { Metrics } from './metrics.ts'
import { ShopMenu } from './shop-menu.ts'
import { sentences } from './sentences/sentences.ts'
import { Transcript } from './transcript.ts'
import { streamOf } from './twilio/media-stream.ts'
import { fieldsOf, type Fields, Signatures, streamToken, tokenHolds } from './twilio/signature.ts'
import { connectTwiml, handOverTwiml, hangUpTwiml } from './twilio/twiml.ts'

export interface ServerOptions {
  api: Api
  agent: AgentModels & { url: string; key: string; audio: AgentAudio }
  /** Signs the tokens that bind a stream to its call: the same for all voice processes. */
  secret: string
  /** Without it requests are not checked: practice. */
  twilioAuthToken?: string
  /** The origin Twilio reaches; our own address if omitted. */
  publicUrl?: string
  /** Where callers are put through to, E.164. */
  transferNumber?: string
  maxCalls: number
  host: string
  /** 0 takes a free one. */
  port: number
  logger: Logger
  patience?: Partial<Patience>
  metrics?: Metrics
  /** What `/metrics` answers; this process's own numbers if omitted. */
  numbers?: () => Promise<string>
}

/** How long things may take, in milliseconds. */
export interface Patience {
  /** An answer of the api while Twilio waits: it allows fifteen seconds, in which the caller hears nothing. */
  answer: number
  /** The stream of a call that was answered: Twilio says a sentence first. */
  stream: number
  /** The first message on a stream. */
  start: number
  /** Welcome of the agent. */
  welcome: number
  /** An agent function. */
  function: number
  /** An agent function until the caller hears a filler. */
  filler: number
  /** Calling back an agent that was lost. */
  agent: number
  /** Until a caller who says nothing is asked. */
  quiet: number
  /** The longest call. */
  call: number
  /** Live calls when the process shall stop. */
  drain: number
  /** Twilio's question how a call goes on, after its stream was closed to stop. */
  farewell: number
}

const usualPatience: Patience = {
  answer: 4_000,
  stream: 20_000,
  start: 5_000,
  welcome: 3_000,
  function: 5_000,
  filler: 2_000,
  agent: 10_000,
  quiet: 20_000,
  call: 20 * 60_000,
  drain: 30_000,
  farewell: 2_000,
}

const largestBody = 64_000
const largestFrame = 64 * 1_024

const sorry = 'Sorry, we cannot take your order right now.'

/**
 * The telephone side: Koa answers Twilio's webhooks, `/twilio` takes the media streams.
 * @throws Error EADDRINUSE when the port is taken
 */
export async function startServer(
  options: ServerOptions,
): Promise<{ url: string; close: () => Promise<void> }> {
  const { api, agent, secret, transferNumber, maxCalls, host, logger } = options
  const patience = { ...usualPatience, ...options.patience }
  const functions = readFunctions()
  const metrics = options.metrics ?? new Metrics()
  const calls = new Map<string, Call>()
  /** Calls the api is being told of: the webhook and the stream of one call may come at the same moment. */
  const opening = new Map<string, Promise<Call>>()
  const menus = new Map<string, ShopMenu>()
  let publicUrl = ''
  let draining = false
  /** Called when the last call has ended. */
  let empty: (() => void) | undefined
  let signatures: Signatures | undefined

  const handOver = (sentence: string) =>
    handOverTwiml(sentence, transferNumber, `${publicUrl}/voice/after-dial`)

  /** Opens a call that the api knows, with an agent on the line. */
  function open(started: StartedCall): Call {
    const callSid = started.id
    const codec = createCodec(agent.audio)
    const bytesPerSecond = bytesPerSecondOf(codec.format.input)
    let known = started
    const callLogger = logger.child({ callSid })
    const transcript = new Transcript(api, callSid, started.transcript.length, callLogger)

    /** An agent that takes a call over is told what was said, and how the order stands by what the api knows. */
    async function openAgent(again: boolean): Promise<VoiceAgent> {
      if (again) known = await start(callSid, patience.welcome).catch(() => known)
      return new VoiceAgent({
        url: agent.url,
        key: agent.key,
        settings: settings({
          audio: codec.format,
          models: agent,
          prompt: promptFor(known),
          tools: toolsOf(functions, known.menu),
          keyterms: keytermsOf(known.menu),
          ...(again ? { said: transcript.recent } : { greeting }),
        }),
        bytesPerSecond,
        welcomeWithin: patience.welcome,
      })
    }

    const call = new Call({
      line: new AgentLine({ open: openAgent, bytesPerSecond, patience: patience.agent }),
      codec,
      run: (asked, signal) =>
        runFunction(functions, api, callSid, asked, { within: patience.function, signal }),
      keyed: digits => keyed(callSid, digits),
      transcript,
      report: (reason, summary) => reportEnd(callSid, reason, summary),
      longest: patience.call,
      quiet: patience.quiet,
      filler: patience.filler,
      metrics,
      logger: callLogger,
    })
    const unclaimed = setTimeout(() => void call.close('CALLER_HUNG_UP'), patience.stream)
    calls.set(callSid, call)
    metrics.live.set(calls.size)
    const forgetMenu = followMenu(call, started.menu)
    call.once('attached', () => clearTimeout(unclaimed))
    call.once('ended', () => {
      clearTimeout(unclaimed)
      forgetMenu()
      if (calls.get(callSid) === call) calls.delete(callSid)
      metrics.live.set(calls.size)
      if (calls.size === 0) empty?.()
    })
    return call
  }

  /** Keys are digits without doubt; whether they are a phone number is for the api to say. */
  async function keyed(callSid: string, digits: string): Promise<string> {
    const asked = functions.find(({ name }) => name === 'extract_phone_and_order')!
    const found = await api
      .ask<{ result: { phone: string | null; order_number: string | null } }>(
        asked.document,
        { call: callSid, text: digits },
        { within: patience.function },
      )
      .catch(() => undefined)
    if (found?.result.phone) return `I keyed in the phone number ${digits}.`
    if (found?.result.order_number || !found) return `I keyed in ${digits}.`
    return `I keyed in ${digits}, but that is no whole phone number.`
  }

  /** Tells a call when its shop's menu changes. → stops telling */
  function followMenu(call: Call, known: LiveMenu): () => void {
    const { id } = known.shop
    const shop = menus.get(id) ?? new ShopMenu(api, id)
    menus.set(id, shop)
    return shop.follow(
      known,
      news => call.tell(news),
      () => menus.delete(id),
    )
  }

  async function reportEnd(callSid: string, reason: EndReason, metrics?: CallSummary): Promise<void> {
    try {
      await api.ask(endCall, { input: { call: callSid, reason, metrics } }, { within: 3_000 })
    } catch {
      logger.warn({ callSid, reason }, 'the api was not told that a call ended')
    }
  }

  /** The call as the api knows it; the first time it is told of it. */
  async function start(callSid: string, within: number, from?: string, to?: string): Promise<StartedCall> {
    return (await api.ask<{ call: StartedCall }>(startCall, { input: { callSid, from, to } }, { within }))
      .call
  }

  /** The call of that id, opened if it is not there yet: once, however many ask. */
  async function callOf(callSid: string, from?: string, to?: string): Promise<Call> {
    const live = calls.get(callSid) ?? opening.get(callSid)
    if (live) return live
    const opened = start(callSid, patience.answer, from, to)
      .then(open)
      .finally(() => opening.delete(callSid))
    opening.set(callSid, opened)
    return opened
  }

  const isKnown = (callSid: string) => calls.has(callSid) || opening.has(callSid)
  const isFull = () => calls.size + opening.size >= maxCalls

  async function answerCall({ CallSid, From, To }: Fields): Promise<string> {
    const callSid = String(CallSid)
    if (!isKnown(callSid)) {
      if (draining) {
        metrics.refused.inc({ why: 'draining' })
        return handOver(`${sorry} Please call again in a minute.`)
      }
      if (isFull()) {
        metrics.refused.inc({ why: 'busy' })
        return handOver('All our lines are busy right now. Please call again in a few minutes.')
      }
    }
    try {
      await callOf(callSid, textOf(From), textOf(To))
    } catch (error) {
      metrics.refused.inc({ why: 'api' })
      logger.error({ callSid, err: error }, 'a call could not be started')
      return handOver(`${sorry} Please try again in a few minutes.`)
    }
    return connectTwiml({
      streamUrl: `${publicUrl.replace(/^http/, 'ws')}/twilio`,
      actionUrl: `${publicUrl}/voice/after-stream`,
      statusUrl: `${publicUrl}/voice/stream-status`,
      token: streamToken(secret, callSid),
    })
  }

  /** How the call goes on after its stream: as it ended, or with an apology when it broke off. */
  async function afterStream({ CallSid }: Fields): Promise<string> {
    try {
      const { call } = await api.ask<CallIntent>(
        callIntent,
        { id: String(CallSid) },
        { within: patience.answer },
      )
      switch (call?.endReason) {
        case 'GOODBYE':
        case 'CALLER_HUNG_UP':
        case 'SILENCE':
          return hangUpTwiml()
        case 'TOO_LONG':
          return transferNumber ? handOver('One moment please.') : hangUpTwiml()
        case 'SHUTDOWN':
        case 'TRANSFERRED':
          return transferNumber
            ? handOver('One moment please.')
            : hangUpTwiml(
                'Nobody can come to the phone right now. Please ask at the counter or call again later.',
              )
      }
    } catch {
      logger.warn({ callSid: CallSid }, 'the api was not there to say how a call goes on')
    }
    return handOver('Sorry, we lost the connection. Whatever you have ordered is safe.')
  }

  function afterDial({ DialCallStatus }: Fields): string {
    const talked = DialCallStatus === 'completed' || DialCallStatus === 'answered'
    return talked ? hangUpTwiml() : hangUpTwiml('Nobody could come to the phone. Please call again later.')
  }

  const webhooks: Record<string, (fields: Fields) => string | Promise<string>> = {
    '/voice': answerCall,
    '/voice/after-stream': afterStream,
    '/voice/after-dial': afterDial,
    '/voice/stream-status': ({ CallSid, StreamEvent, StreamError }) => {
      if (StreamEvent === 'stream-error')
        logger.error({ callSid: CallSid, StreamError }, 'a media stream failed')
      return ''
    },
    '/voice/status': async ({ CallSid, CallStatus }) => {
      // The only word of a caller who hung up before their sound was connected.
      if (CallStatus === 'completed') await reportEnd(String(CallSid), 'CALLER_HUNG_UP')
      return ''
    },
  }

  async function webhook(ctx: Koa.Context): Promise<void> {
    const handle = webhooks[ctx.path]
    if (!handle || ctx.method !== 'POST') {
      ctx.status = handle ? 405 : 404
      ctx.body = handle ? 'Twilio sends POST here.' : 'Not found'
      return
    }
    const fields = fieldsOf(await bodyOf(ctx.req))
    if (signatures && !signatures.signed(ctx.get('X-Twilio-Signature'), ctx.url, fields)) {
      metrics.refused.inc({ why: 'signature' })
      ctx.status = 403
      ctx.body =
        'This is not signed by the Twilio account of this shop. Check TWILIO_AUTH_TOKEN and PUBLIC_URL.'
      return
    }
    if (!/^\w{1,64}$/.test(String(fields.CallSid))) {
      ctx.status = 400
      ctx.body = 'The form has no CallSid.'
      return
    }
    const twiml = await handle(fields)
    ctx.status = 200
    ctx.type = 'text/xml'
    ctx.body = twiml
  }

  const app = new Koa()
  app.on('error', error => logger.error({ err: error }, 'a request failed'))
  app.use(async ctx => {
    if (ctx.path === '/healthz') {
      ctx.set('Cache-Control', 'no-store')
      ctx.status = draining ? 503 : 200
      ctx.body = { status: draining ? 'draining' : 'ok', calls: calls.size }
    } else if (ctx.path === '/metrics') {
      ctx.type = metrics.registry.contentType
      ctx.body = await (options.numbers ?? (() => metrics.registry.metrics()))()
    } else await webhook(ctx)
  })

  async function takeStream(socket: WebSocket): Promise<void> {
    const stream = await streamOf(socket, patience.start)
    if (!stream) return
    const { callSid, parameters } = stream
    const refuse = (why: string) => {
      metrics.refused.inc({ why })
      socket.close(1008, 'This stream belongs to no call')
    }
    if (!tokenHolds(secret, callSid, parameters.token)) return refuse('token')
    if (!isKnown(callSid) && (draining || isFull())) return refuse(draining ? 'draining' : 'busy')
    try {
      // Another voice process may have answered the webhook: then the agent is opened only now.
      const call = await callOf(callSid)
      if (call.attached) return refuse('token')
      call.attach(stream)
    } catch (error) {
      logger.error({ callSid, err: error }, 'a stream found no call')
      stream.close()
    }
  }

  const answer = app.callback()
  const server = createServer((request, response) => void answer(request, response))
  const websocket = new WebSocketServer({
    noServer: true,
    maxPayload: largestFrame,
    perMessageDeflate: false,
    skipUTF8Validation: true,
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refuse = (status: string) => socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`)
    socket.on('error', () => socket.destroy())
    if (request.url !== '/twilio' && request.url !== '/twilio/') return void refuse('404 Not Found')
    const signature = request.headers['x-twilio-signature']
    if (signatures && !signatures.upgradeSigned(String(signature ?? ''), '/twilio')) {
      metrics.refused.inc({ why: 'signature' })
      return void refuse('403 Forbidden')
    }
    websocket.handleUpgrade(request, socket, head, client => void takeStream(client))
  })

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, host, resolve)
  })
  const { port } = server.address() as AddressInfo
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  publicUrl = options.publicUrl ?? url
  if (options.twilioAuthToken) signatures = new Signatures(options.twilioAuthToken, publicUrl)

  const clock = setInterval(() => {
    const now = performance.now()
    for (const call of calls.values()) call.tick(now)
  }, 100)

  /** Lets live calls go on for a while, then tells who is left and hands them over. */
  async function drain(): Promise<void> {
    draining = true
    if (calls.size === 0) return
    const { promise: done, resolve } = Promise.withResolvers<void>()
    empty = resolve
    await Promise.race([done, delay(patience.drain, undefined, { ref: false })])
    const left = [...calls.values()]
    await Promise.all(left.map(call => call.endWith(sentences.handOver, 'SHUTDOWN')))
    if (left.length > 0) await delay(patience.farewell)
  }

  return {
    url,
    close: async () => {
      await drain()
      clearInterval(clock)
      const closed = new Promise(resolve => server.close(resolve))
      for (const client of websocket.clients) client.terminate()
      server.closeAllConnections()
      await closed
    },
  }
}

const bytesPerSecondOf = ({ encoding, sample_rate }: AudioFormat['input']) =>
  sample_rate * (encoding === 'linear16' ? 2 : 1)

const textOf = (field: string | string[] | undefined) => (typeof field === 'string' ? field : undefined)

/** @throws Error when it is larger than any form of Twilio's */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > largestBody)
      throw Object.assign(new Error('The form is too large'), { status: 413, expose: true })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
