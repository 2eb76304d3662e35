import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import Koa from 'koa'
import type { Logger } from 'pino'
import { type WebSocket, WebSocketServer } from 'ws'
import { signatureHeader, simulationPath } from '../simulation.ts'
import { refuseUpgrade } from '../upgrade.ts'
import type { Api } from './api.ts'
import { Calls, type CallsOptions } from './calls.ts'
import { Metrics } from './metrics.ts'
import { type Patience, usualPatience } from './patience.ts'
import { SimulatedCalls } from './practice/simulated-calls.ts'
import { streamOf } from './twilio/media-stream.ts'
import { fieldsOf, Signatures, tokenHolds } from './twilio/signature.ts'
import { webhooks } from './webhooks.ts'
import type { OtherWorkers } from './workers.ts'

export interface ServerOptions {
  api: Api
  agent: CallsOptions['agent']
  /** Signs the tokens that bind a stream to its call: the same for all voice processes. */
  secret: string
  /** Without it requests are not checked: practice. */
  twilioAuthToken?: string
  /** The origin Twilio reaches; our own address if omitted. */
  publicUrl?: string
  /** Whether the api may ask for simulated calls; not if omitted. */
  practice?: boolean
  /** Where callers are put through to, E.164. */
  transferNumber?: string
  maxCalls: number
  host: string
  /** 0 takes a free one. */
  port: number
  logger: Logger
  patience?: Partial<Patience>
  /** A clock in milliseconds; `performance.now` if omitted. */
  now?: () => number
  metrics?: Metrics
  /** What `/metrics` answers; this process's own numbers if omitted. */
  numbers?: () => Promise<string>
  /** Those that share the port with this process. */
  others?: OtherWorkers
}

const largestBody = 64_000
const largestFrame = 64 * 1_024

/**
 * The telephone side: Koa answers Twilio's webhooks, `/twilio` takes the media streams.
 * @throws Error EADDRINUSE when the port is taken
 */
export async function startServer(
  options: ServerOptions,
): Promise<{ url: string; close: () => Promise<void> }> {
  const { api, agent, secret, transferNumber, maxCalls, host, logger, others } = options
  const patience = { ...usualPatience, ...options.patience }
  const metrics = options.metrics ?? new Metrics()
  const app = new Koa()
  app.on('error', error => logger.error({ err: error }, 'a request failed'))
  const server = createServer()
  const websocket = new WebSocketServer({
    noServer: true,
    maxPayload: largestFrame,
    perMessageDeflate: false,
    skipUTF8Validation: true,
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, host, resolve)
  })
  const { port } = server.address() as AddressInfo
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  const publicUrl = options.publicUrl ?? url
  const signatures = options.twilioAuthToken ? new Signatures(options.twilioAuthToken, publicUrl) : undefined
  const now = options.now ?? (() => performance.now())
  const taken = others?.tellTaken
  const calls = new Calls({ api, agent, maxCalls, patience, now, metrics, logger, taken })
  const stopHearing = others?.onTaken(callSid => calls.giveUp(callSid))
  const answers = webhooks({
    calls,
    api,
    secret,
    publicUrl,
    transferNumber,
    patience,
    metrics,
    logger,
  })

  const simulated = new SimulatedCalls({
    practice: options.practice ?? false,
    secret,
    voiceUrl: url,
    publicUrl,
    logger,
  })

  async function simulate(ctx: Koa.Context): Promise<void> {
    if (ctx.method !== 'POST') return void (ctx.status = 405)
    const refusal = simulated.take(await bodyOf(ctx.req), ctx.get(signatureHeader))
    ctx.status = refusal ? (refusal.code === 'BAD_SIGNATURE' ? 403 : 409) : 202
    ctx.body = refusal ?? {}
  }

  async function webhook(ctx: Koa.Context): Promise<void> {
    const handle = answers[ctx.path]
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

  app.use(async ctx => {
    if (ctx.path === '/healthz') {
      ctx.set('Cache-Control', 'no-store')
      ctx.status = calls.draining ? 503 : 200
      ctx.body = { status: calls.draining ? 'draining' : 'ok', calls: calls.size }
    } else if (ctx.path === '/metrics') {
      ctx.type = metrics.registry.contentType
      ctx.body = await (options.numbers ?? (() => metrics.registry.metrics()))()
    } else if (ctx.path === simulationPath) await simulate(ctx)
    else await webhook(ctx)
  })
  const answer = app.callback()
  server.on('request', (request, response) => void answer(request, response))

  async function takeStream(socket: WebSocket): Promise<void> {
    const stream = await streamOf(socket, patience)
    if (!stream) return
    const { callSid, parameters } = stream
    const refuse = (why: string) => {
      metrics.refused.inc({ why })
      socket.close(1008, 'This stream belongs to no call')
    }
    if (!tokenHolds(secret, callSid, parameters.token)) return refuse('token')
    const why = calls.refusal(callSid)
    if (why) return refuse(why)
    try {
      if (!(await calls.attach(stream))) refuse('token')
    } catch (error) {
      logger.error({ callSid, err: error }, 'a stream found no call')
      stream.close()
    }
  }

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    if (request.url !== '/twilio' && request.url !== '/twilio/') return refuseUpgrade(socket, '404 Not Found')
    const signature = request.headers['x-twilio-signature']
    if (signatures && !signatures.upgradeSigned(String(signature ?? ''), '/twilio')) {
      metrics.refused.inc({ why: 'signature' })
      return refuseUpgrade(socket, '403 Forbidden')
    }
    websocket.handleUpgrade(request, socket, head, client => void takeStream(client))
  })

  return {
    url,
    close: async () => {
      simulated.close()
      await calls.drain()
      stopHearing?.()
      const closed = new Promise(resolve => server.close(resolve))
      for (const client of websocket.clients) client.terminate()
      server.closeAllConnections()
      await closed
    },
  }
}

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
