import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import cors from '@koa/cors'
import type { MikroORM } from '@mikro-orm/sql'
import { GraphQLError, type GraphQLSchema } from 'graphql'
import Koa from 'koa'
import type { Logger } from 'pino'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { refuseUpgrade } from '../upgrade.ts'
import { KeyUse } from './auth/key-use.ts'
import { PiiReads } from './auth/pii-reads.ts'
import { sessionCookie, type Staff } from './auth/staff.ts'
import { anyone, type Viewer } from './auth/viewer.ts'
import { cameByHttps, fromOwnPage, outOf, viewerOf } from './auth/viewer-of.ts'
import { LiveCalls } from './calls/live-calls.ts'
import type { PracticeLine } from './calls/practice-line.ts'
import type { Context } from './context.ts'
import { LiveEvents } from './events/live-events.ts'
import type { EventLog } from './events/log.ts'
import { explorer } from './explorer.ts'
import { graphqlOverEventStream } from './graphql/event-stream.ts'
import { graphqlOverHttp } from './graphql/http.ts'
import { SharedAnswers } from './graphql/shared-answers.ts'
import { graphqlOverSocket } from './graphql/socket.ts'
import { addressOf, type TrustProxy, trustNobody } from './limits/address.ts'
import { Crowd } from './limits/crowd.ts'
import { limits } from './limits/limits.ts'
import { RateLimits, type Spent } from './limits/rate-limits.ts'
import { createLoaders } from './loaders.ts'
import { Waits } from './orders/waits.ts'
import { createSchema } from './schema.ts'
import { screens } from './screens.ts'
import { smsStatusCallback } from './sms/status-callback.ts'
import type { WebhookRules } from './webhooks/manage-webhooks.ts'

export interface ServerOptions {
  orm: MikroORM
  log: EventLog
  staff: Staff
  logger: Logger
  /** 0 takes a free one. */
  port: number
  host: string
  /** Whether anyone may introspect, or only those who say who they are. */
  introspection: boolean
  /** Origins besides our own whose pages may use the console's cookie, e.g. "https://console.example.com". */
  allowedOrigins?: string[]
  /** The https origin by which the shop is reached from outside, if there is one. */
  publicUrl?: string | undefined
  /** Whose word counts for the address of a client. */
  trustProxy?: TrustProxy
  /** By which everything that one client may spend or open is multiplied. */
  rateLimitFactor?: number
  /** How long an operation may take, in milliseconds. */
  time?: number
  /** How long a socket may be open without an operation, in milliseconds. */
  idle?: number
  /** Origins whose pages may ask with an API key. A cookie of ours is of no use to them. */
  corsOrigins?: string[]
  /** Folder of the built screens. */
  screensFolder?: URL
  /** How often open sockets are checked for keys that were revoked and sessions that are over, in milliseconds. */
  recheck?: number
  /** How often a comment is sent on an event stream, in milliseconds. */
  streamKeepAlive?: number
  /** How long the client of an event stream may take nothing, in milliseconds. */
  streamPatience?: number
  /** How long the ready text of an order is held back, in milliseconds. */
  readyHold: number
  /** Plays calls; without it none is simulated. */
  practiceLine?: PracticeLine | null
  /** Where webhooks may post to, and how they are signed. */
  webhooks: WebhookRules
  /** How often a stream of the calls on the line says that it lives, in milliseconds. */
  liveCallsHeartbeat?: number
  /** Checks Twilio's callbacks; without it they are refused. */
  twilio?: { authToken: string; publicUrl: string }
}

export interface Server {
  url: string
  schema: GraphQLSchema
  /** For what is read in somebody's name without a request of theirs. */
  contextOf: (viewer: Viewer) => Context
  close: () => Promise<void>
}

/** That a client goes away in the middle is how a stream ends, and no failure of ours. */
const clientLeft = new Set<string | undefined>([
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'HPE_INVALID_EOF_STATE',
])

/** How long a client may take to send a request, in milliseconds; its headers alone a third of that. */
const slowestRequest = 30_000

/** How long requests that are being answered may take when the server closes, in milliseconds. */
const lastRequests = 2_000

/**
 * Everything the api answers, on one HTTP server.
 * @throws Error EADDRINUSE when the port is taken
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const {
    orm,
    log,
    staff,
    logger,
    port,
    host,
    introspection,
    readyHold,
    webhooks,
    allowedOrigins = [],
  } = options
  const schema = createSchema()
  const waits = new Waits(orm, log)
  const liveEvents = new LiveEvents(orm)
  const liveCalls = new LiveCalls(orm, { heartbeat: options.liveCallsHeartbeat })
  const rateLimits = new RateLimits(options.rateLimitFactor ?? 1)
  const keyUse = new KeyUse(orm)
  const { time = limits.time, trustProxy = trustNobody } = options
  let warned = false
  const clientAddress = (request: IncomingMessage) => {
    if (!warned && trustProxy === trustNobody && request.headers['x-forwarded-for'] !== undefined) {
      warned = true
      logger.warn('requests come by way of a proxy, and all its clients count as one: set TRUST_PROXY')
    }
    return addressOf(request, trustProxy)
  }
  const contextWith = (
    given: Pick<Context, 'viewer' | 'address' | 'spent' | 'pay' | 'signal' | 'setSession'>,
  ): Context => {
    const em = orm.em.fork()
    return {
      ...given,
      em,
      loaders: createLoaders(em),
      log,
      staff,
      waits,
      liveEvents,
      liveCalls,
      practiceLine: options.practiceLine ?? null,
      webhooks,
      readyHold,
      piiReads: new PiiReads(em, given.viewer),
    }
  }
  const contextOf = (
    viewer: Viewer,
    request: IncomingMessage,
    query: unknown,
    signal: AbortSignal,
    setSession: Context['setSession'],
  ): Context => {
    const client = { viewer, address: clientAddress(request) }
    const spent = rateLimits.enter(client, query)
    const pay = (points: number) => rateLimits.pay(client, points)
    return contextWith({ ...client, spent, pay, signal, setSession })
  }
  const whoAsks = async (request: IncomingMessage, authorization?: string) => {
    try {
      const viewer = await viewerOf(orm.em.fork(), request, allowedOrigins, authorization)
      if (viewer.kind === 'API_KEY') keyUse.note(viewer.id!)
      return viewer
    } catch (error) {
      // Who tries keys is anyone.
      if (error instanceof GraphQLError) rateLimits.enter({ viewer: anyone, address: clientAddress(request) })
      throw error
    }
  }

  const http = await graphqlOverHttp({
    schema,
    introspection,
    logger,
    rateLimits,
    time,
    contextOf: async (ctx, query, signal) =>
      contextOf(await whoAsks(ctx.req), ctx.req, query, signal, (token, expires) => {
        if (!fromOwnPage(ctx.req, allowedOrigins)) {
          throw new GraphQLError('Sign in from a page of this shop.', { extensions: { code: 'FORBIDDEN' } })
        }
        // Koa itself sees no more than the plain request of the proxy.
        ctx.cookies.secure = cameByHttps(ctx.req, options.publicUrl)
        ctx.cookies.set(sessionCookie, token, {
          httpOnly: true,
          sameSite: 'strict',
          expires,
          overwrite: true,
        })
      }),
  })
  const streaming = {
    schema,
    introspection,
    logger,
    rateLimits,
    time,
    idle: options.idle ?? limits.idle,
    addressOf: clientAddress,
    viewerOf: whoAsks,
    outOf: async (viewers: Viewer[]) => {
      const out = await outOf(orm.em.fork(), viewers)
      // An open socket is in use.
      for (const viewer of viewers) if (viewer.kind === 'API_KEY' && !out.has(viewer)) keyUse.note(viewer.id!)
      return out
    },
    recheck: options.recheck,
    contextOf: (viewer: Viewer, request: IncomingMessage, query: string) =>
      contextOf(viewer, request, query, inTime, noSession),
    answers: new SharedAnswers(),
    byAddress: new Crowd(),
    byViewer: new Crowd(),
  }
  const socket = graphqlOverSocket(streaming)
  const eventStream = graphqlOverEventStream({
    ...streaming,
    keepAlive: options.streamKeepAlive,
    patience: options.streamPatience,
  })

  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'bobarista_graphql_sockets',
    help: 'Open WebSockets',
    registers: [registry],
    collect() {
      this.set(socket.count())
    },
  })
  new Gauge({
    name: 'bobarista_graphql_event_streams',
    help: 'Open event streams',
    registers: [registry],
    collect() {
      this.set(eventStream.count())
    },
  })

  const { corsOrigins = [] } = options
  const allowPages = cors({
    origin: ctx => (corsOrigins.includes(ctx.get('Origin')) ? ctx.get('Origin') : ''),
    allowMethods: ['GET', 'POST'],
    allowHeaders: ['Authorization', 'Content-Type', 'Last-Event-ID'],
    exposeHeaders: [
      'RateLimit-Limit',
      'RateLimit-Remaining',
      'RateLimit-Reset',
      'Retry-After',
      'X-Request-Id',
    ],
    maxAge: 3_600,
  })
  const showScreen = screens(options.screensFolder)
  const explore = explorer(options.screensFolder)
  const app = new Koa()
  app.on('error', (error: NodeJS.ErrnoException) => {
    if (!clientLeft.has(error.code)) logger.error({ err: error }, 'a request failed')
  })
  app.use(async (ctx, next) => {
    ctx.set('X-Content-Type-Options', 'nosniff')
    ctx.set('Referrer-Policy', 'no-referrer')
    switch (ctx.path) {
      case '/graphql':
        if (explore.isWanted(ctx)) return explore.page(ctx)
        return allowPages(ctx, () => http.middleware(ctx, next))
      case '/graphql/stream':
        return allowPages(ctx, () => eventStream.middleware(ctx, next))
      case '/healthz':
        return health(ctx, orm)
      case '/metrics':
        ctx.type = registry.contentType
        ctx.body = await registry.metrics()
        return
      case '/sms/status':
        return smsStatusCallback(ctx, options)
      default:
        return /^\/explorer(\/|$)/.test(ctx.path) ? explore.files(ctx) : showScreen(ctx)
    }
  })

  const handle = app.callback()
  // Koa answers its own failures, so this promise never rejects.
  const server = createServer((request, response) => void handle(request, response))
  // Longer than a client keeps a quiet connection, so that it is never closed under a request just being sent.
  server.keepAliveTimeout = 65_000
  server.requestTimeout = slowestRequest
  server.headersTimeout = slowestRequest / 3
  server.on('upgrade', (request, duplex, head) => {
    // A client that breaks off before there is a WebSocket would end this process.
    duplex.on('error', () => duplex.destroy())
    if (request.url?.split('?')[0] === '/graphql') socket.upgrade(request, duplex, head)
    else refuseUpgrade(duplex, '404 Not Found')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    schema,
    contextOf: viewer =>
      contextWith({
        viewer,
        address: '',
        spent: nothingSpent,
        pay: async () => {},
        signal: inTime,
        setSession: noSession,
      }),
    close: async () => {
      const closed = new Promise(resolve => server.close(resolve))
      // Before their events end: a stream that is complete is not opened again.
      eventStream.close()
      log.close()
      liveCalls.close()
      await socket.close()
      const impatience = setTimeout(() => server.closeAllConnections(), lastRequests)
      await closed
      clearTimeout(impatience)
      await http.close()
      await keyUse.close()
    },
  }
}

/** What is read without a request takes nothing from anybody. */
const nothingSpent: Spent = { requested: 0, available: 0, limit: 0, restoreRate: 0 }

/** Of what may take as long as it takes. */
const inTime = new AbortController().signal

function noSession(): never {
  throw new Error('a session is opened over HTTP')
}

async function health(ctx: Koa.Context, orm: MikroORM): Promise<void> {
  ctx.set('Cache-Control', 'no-store')
  try {
    await orm.em.fork().execute('select 1')
    ctx.body = { status: 'ok' }
  } catch {
    ctx.status = 503
    ctx.body = { status: 'failing', missing: ['database'] }
  }
}
