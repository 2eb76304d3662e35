import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ApolloServer } from '@apollo/server'
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled'
import { koaMiddleware } from '@as-integrations/koa'
import { bodyParser } from '@koa/bodyparser'
import type { MikroORM } from '@mikro-orm/sql'
import { type ExecutionArgs, GraphQLError, getOperationAST, parse, validate } from 'graphql'
import { CloseCode } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import Koa from 'koa'
import type { Logger } from 'pino'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { WebSocketServer } from 'ws'
import { sessionCookie, type Staff, viewerOfSession } from './auth/staff.ts'
import { viewerOfKey } from './auth/keys.ts'
import { anyone, type Viewer } from './auth/viewer.ts'
import type { Context } from './context.ts'
import type { EventLog } from './events/log.ts'
import { checkLimits, limits } from './limits/limits.ts'
import { mask } from './limits/mask.ts'
import { createSchema } from './schema.ts'
import { screens } from './screens.ts'
import { smsStatusCallback } from './sms/status-callback.ts'

export interface ServerOptions {
  orm: MikroORM
  log: EventLog
  staff: Staff
  logger: Logger
  /** 0 takes a free one. */
  port: number
  host: string
  /** Whether anyone may introspect, or only those with a key. */
  introspection: boolean
  /** Origins besides our own whose pages may use the console's cookie, e.g. "https://console.example.com". */
  allowedOrigins?: string[]
  /** Folder of the built screens. */
  screensFolder?: URL
  /** Checks Twilio's callbacks; without it they are refused. */
  twilio?: { authToken: string; publicUrl: string }
}

const bodyLimit = 100_000

/**
 * Koa, Apollo Server and graphql-ws on one HTTP server.
 * @throws Error EADDRINUSE when the port is taken
 */
export async function startServer(
  options: ServerOptions,
): Promise<{ url: string; close: () => Promise<void> }> {
  const { orm, log, staff, logger, port, host, introspection, allowedOrigins = [] } = options
  const schema = createSchema()
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const sockets = new Gauge({
    name: 'bobarista_graphql_sockets',
    help: 'Open WebSockets',
    registers: [registry],
  })

  const apollo = new ApolloServer<Context>({
    schema,
    logger: {
      debug: () => {},
      info: () => {},
      warn: logger.warn.bind(logger),
      error: logger.error.bind(logger),
    },
    introspection: true,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: limits.tokens },
    formatError: (formatted, error) => {
      const requestId = randomUUID()
      return formatted.extensions?.code === 'INTERNAL_SERVER_ERROR' || !(error instanceof GraphQLError)
        ? mask(error, requestId, logger)
        : mask(
            new GraphQLError(formatted.message, { ...(error as object), extensions: formatted.extensions }),
            requestId,
            logger,
          )
    },
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      {
        requestDidStart: async () => ({
          didResolveOperation: async ({ document, request, contextValue }) =>
            checkLimits(schema, document, request, contextValue.viewer, introspection),
        }),
      },
    ],
  })
  await apollo.start()

  const ownOrigin = (request: IncomingMessage) => {
    const { origin, host } = request.headers
    return origin === undefined || originHost(origin) === host || allowedOrigins.includes(origin)
  }

  /** Who is asking, by key or else by the console's cookie, which only our own pages may use. */
  async function viewerOf(
    request: IncomingMessage,
    authorization = request.headers.authorization,
  ): Promise<Viewer> {
    const em = orm.em.fork()
    if (authorization !== undefined) {
      const key = /^Bearer (\S+)$/i.exec(authorization)?.[1]
      if (key) return viewerOfKey(em, key)
      throw new GraphQLError('Send the API key as "Authorization: Bearer boba_…".', {
        extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } },
      })
    }
    const token = cookieOf(request)
    return token && ownOrigin(request) ? viewerOfSession(em, token) : anyone
  }

  const showScreen = screens(options.screensFolder)
  const app = new Koa()
  app.on('error', error => logger.error({ err: error }, 'a request failed'))
  app.use(async (ctx, next) => {
    ctx.set('X-Content-Type-Options', 'nosniff')
    ctx.set('Referrer-Policy', 'no-referrer')
    await next()
  })
  app.use(async (ctx, next) => {
    if (ctx.path === '/healthz') return health(ctx)
    if (ctx.path === '/metrics') {
      ctx.type = registry.contentType
      ctx.body = await registry.metrics()
      return
    }
    if (ctx.path === '/sms/status' && ctx.method === 'POST') return smsStatusCallback(ctx, options)
    if (ctx.path === '/graphql') return graphql(ctx, next)
    return showScreen(ctx)
  })

  const parseBody = bodyParser({
    enableTypes: ['json'],
    jsonLimit: bodyLimit,
    onError: (_error, ctx) => {
      const tooLarge = (_error as { status?: number }).status === 413
      ctx.status = tooLarge ? 413 : 400
      ctx.body = JSON.stringify({
        errors: [
          {
            message: tooLarge ? 'The body is larger than 100 kB. Split the request.' : 'The body is no JSON.',
            extensions: { code: 'BAD_REQUEST' },
          },
        ],
      })
      ctx.type = 'application/json'
      throw new Handled()
    },
  })
  const answer = koaMiddleware<Koa.DefaultState, Koa.DefaultContext, Context>(apollo, {
    context: async ({ ctx }) => ({
      em: orm.em.fork(),
      viewer: await viewerOf(ctx.req),
      log,
      staff,
      address: ctx.ip,
      setSession: (token: string | null, expires?: Date) => {
        if (!ownOrigin(ctx.req)) {
          throw new GraphQLError('Sign in from a page of this shop.', { extensions: { code: 'FORBIDDEN' } })
        }
        ctx.cookies.set(sessionCookie, token, {
          httpOnly: true,
          sameSite: 'strict',
          expires,
          overwrite: true,
        })
      },
    }),
  })
  async function graphql(ctx: Koa.Context, next: Koa.Next): Promise<void> {
    try {
      await parseBody(ctx as never, async () => answer(ctx as never, next))
    } catch (error) {
      if (!(error instanceof Handled)) throw error
    }
  }

  async function health(ctx: Koa.Context): Promise<void> {
    ctx.set('Cache-Control', 'no-store')
    try {
      await orm.em.fork().execute('select 1')
      ctx.body = { status: 'ok' }
    } catch {
      ctx.status = 503
      ctx.body = { status: 'failing', missing: ['database'] }
    }
  }

  const server = createServer(app.callback())
  const websocket = new WebSocketServer({ noServer: true, maxPayload: bodyLimit })
  server.on('upgrade', (request, socket, head) => {
    if (new URL(request.url ?? '/', 'http://localhost').pathname !== '/graphql') {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
      return
    }
    websocket.handleUpgrade(request, socket, head, client => websocket.emit('connection', client, request))
  })
  websocket.on('connection', client => {
    sockets.inc()
    client.on('close', () => sockets.dec())
    client.on('error', () => client.terminate())
  })
  const subscriptions = useServer<{ authorization?: string }, { viewer: Viewer }>(
    {
      schema,
      onConnect: async ctx => {
        try {
          const { authorization } = ctx.connectionParams ?? {}
          ctx.extra.viewer = await viewerOf(
            ctx.extra.request,
            typeof authorization === 'string' ? authorization : undefined,
          )
          return true
        } catch {
          ctx.extra.socket.close(CloseCode.Forbidden, 'The API key is wrong or was revoked')
          return false
        }
      },
      onSubscribe: (ctx, _id, { query, variables, operationName }) => {
        const viewer = ctx.extra.viewer ?? anyone
        try {
          const document = parse(query, { maxTokens: limits.tokens })
          const faults = validate(schema, document)
          if (faults.length) return faults.map(fault => coded(fault, 'GRAPHQL_VALIDATION_FAILED'))
          if (getOperationAST(document, operationName)?.operation !== 'subscription') {
            return [
              new GraphQLError(
                'This WebSocket takes subscriptions only. Send queries and mutations by POST.',
                {
                  extensions: { code: 'BAD_REQUEST' },
                },
              ),
            ]
          }
          checkLimits(schema, document, { variables, operationName }, viewer, introspection)
          return {
            schema,
            document,
            variableValues: variables,
            operationName,
            contextValue: contextOf(ctx.extra),
          } as ExecutionArgs
        } catch (error) {
          return [
            error instanceof GraphQLError ? coded(error, 'GRAPHQL_PARSE_FAILED') : (error as GraphQLError),
          ]
        }
      },
      onNext: (_ctx, _id, _payload, _args, result) => {
        if (result.errors) return { ...result, errors: result.errors.map(hide) as never }
      },
      onError: (_ctx, _id, _payload, errors) => errors.map(hide) as never,
    },
    websocket,
    10_000,
  )

  function contextOf(extra: { request: IncomingMessage; viewer?: Viewer }): Context {
    return {
      em: orm.em.fork(),
      viewer: extra.viewer ?? anyone,
      log,
      staff,
      address: extra.request.socket.remoteAddress ?? '',
      setSession: () => undefined,
    }
  }
  const hide = (error: unknown) => mask(error, randomUUID(), logger)

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    close: async () => {
      const closed = new Promise(resolve => server.close(resolve))
      log.close()
      await subscriptions.dispose()
      for (const client of websocket.clients) client.terminate()
      server.closeAllConnections()
      await closed
      await apollo.stop()
    },
  }
}

/** The answer is already written. */
class Handled extends Error {}

function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

function cookieOf(request: IncomingMessage): string | undefined {
  return new RegExp(`(?:^|; )${sessionCookie}=([\\w-]+)`).exec(request.headers.cookie ?? '')?.[1]
}

function coded(error: GraphQLError, code: string): GraphQLError {
  return error.extensions.code ? error : new GraphQLError(error.message, { ...error, extensions: { code } })
}
