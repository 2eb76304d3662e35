import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
} from 'graphql'
import { CloseCode, type Context as Connection, MessageType } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import type { Logger } from 'pino'
import { type WebSocket, WebSocketServer } from 'ws'
import { refuseUpgrade } from '../../upgrade.ts'
import { keepRechecking } from '../auth/recheck.ts'
import { anyone, type Viewer } from '../auth/viewer.ts'
import type { Context } from '../context.ts'
import { troubleOf } from '../database-errors.ts'
import type { Crowd } from '../limits/crowd.ts'
import { limits } from '../limits/limits.ts'
import type { RateLimits } from '../limits/rate-limits.ts'
import { timedOut, withinTime } from '../limits/time-out.ts'
import type { SharedAnswers } from './shared-answers.ts'
import { hideErrors, subscriptionOf, withCode } from './subscription.ts'

export interface SocketRoadOptions {
  schema: GraphQLSchema
  /** Whether anyone may introspect, or only those who say who they are. */
  introspection: boolean
  logger: Logger
  rateLimits: RateLimits
  /** How long an operation may take until it begins to tell, in milliseconds. */
  time: number
  /** How long a socket may be open without an operation, in milliseconds. */
  idle: number
  addressOf: (request: IncomingMessage) => string
  viewerOf: (request: IncomingMessage, authorization?: string) => Promise<Viewer>
  contextOf: (viewer: Viewer, request: IncomingMessage, query: string) => Context
  /** What is told to many, on every road that stays open. */
  answers: SharedAnswers
  /** What each address and each viewer has open, on every road that stays open. */
  byAddress: Crowd
  byViewer: Crowd
  /** Those of some viewers who may not do any more what they might. */
  outOf: (viewers: Viewer[]) => Promise<Set<Viewer>>
  /** How often open sockets are checked for that, in milliseconds. */
  recheck?: number | undefined
}

/** How often a client is pinged, in milliseconds; one that does not answer in that time is cut off. */
const keepAlive = 10_000

/** RFC 6455's registry; clients of graphql-ws connect again after it, and give up after 4500. */
const tryAgainLater = 1013
const normal = 1000

/** So many bytes may wait for a client that goes on sending but takes nothing. */
const mostUnsent = 256 * 1_024

/** Characters of a ping that are sent back: what RFC 6455 allows in a ping of its own. */
const longestPing = 125

/** Messages that only a server sends. */
const ours: unknown[] = [MessageType.ConnectionAck, MessageType.Next, MessageType.Error]

/**
 * graphql-ws takes a message of ours for a failure of its own, prints it, and closes with 4500; one that cannot be read is
 * the client's fault, and closes with 4400. It also sends back whatever stands in a ping, however much that is.
 */
function onlyTheirs(key: string, value: unknown): unknown {
  if (key !== '') return value
  const { type, payload } = (value ?? {}) as { type?: unknown; payload?: unknown }
  if (ours.includes(type)) throw new Error('not for a server')
  const long = type === MessageType.Ping && payload != null && JSON.stringify(payload).length > longestPing
  return long ? { type } : value
}

/** What is known of an open socket. */
interface Known {
  connection: Connection
  viewer: Viewer
  /** Since when it has no operation, by `performance.now()`. */
  idleSince: number | undefined
}

/** GraphQL over a WebSocket: subscriptions only, behind the same limits as over HTTP. */
export function graphqlOverSocket({
  schema,
  introspection,
  logger,
  rateLimits,
  time,
  idle,
  addressOf,
  viewerOf,
  contextOf,
  answers,
  byAddress,
  byViewer,
  outOf,
  recheck = 5_000,
}: SocketRoadOptions): {
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** How many sockets are open. */
  count: () => number
  close: () => Promise<void>
} {
  const websocket = new WebSocketServer({ noServer: true, maxPayload: limits.bodyBytes })
  const known = new Map<WebSocket, Known>()

  /** → whether there is room for one more socket of theirs */
  const admit = (connection: Connection, client: WebSocket, viewer: Viewer): boolean => {
    const leave = viewer.id === null ? () => {} : byViewer.enter(viewer.id, rateLimits.socketsPerViewer)
    if (!leave) return false
    known.set(client, { connection, viewer, idleSince: undefined })
    client.once('close', () => {
      leave()
      known.delete(client)
    })
    return true
  }

  /** Operations whose cost was told. */
  const told = new WeakSet<Context>()
  const costOf = (context: Context) => {
    if (told.has(context)) return undefined
    told.add(context)
    return { cost: context.spent }
  }

  const server = useServer<Record<string, unknown>, { viewer?: Viewer }>(
    {
      schema,
      jsonMessageReviver: onlyTheirs,
      onConnect: async connection => {
        const { connectionParams, extra } = connection
        const { socket } = extra
        try {
          const viewer = await viewerOf(extra.request, authorizationIn(connectionParams))
          if (socket.readyState !== socket.OPEN) return false
          rateLimits.enter({ viewer, address: addressOf(extra.request) })
          if (!admit(connection, socket, viewer)) {
            socket.close(tryAgainLater, 'Too many sockets at once')
            return false
          }
          extra.viewer = viewer
        } catch (error) {
          if (troubleOf(error)) socket.close(tryAgainLater, 'The database could not be reached')
          else if (!(error instanceof GraphQLError)) throw error
          else if (error.extensions.code === 'RATE_LIMITED') socket.close(tryAgainLater, 'Too many requests')
          else socket.close(CloseCode.Forbidden, 'The API key is wrong or was revoked')
          return false
        }
      },
      onPing: ({ extra: { viewer = anyone, request, socket } }) => {
        try {
          rateLimits.enter({ viewer, address: addressOf(request) })
        } catch {
          socket.close(tryAgainLater, 'Too many requests')
        }
      },
      onSubscribe: (connection, _id, { query, variables, operationName }) => {
        const { extra, subscriptions } = connection
        const viewer = extra.viewer ?? anyone
        const seen = known.get(extra.socket)
        if (seen) seen.idleSince = undefined
        try {
          const contextValue = contextOf(viewer, extra.request, query)
          if (Object.keys(subscriptions).length > limits.operationsPerSocket) {
            return [
              withCode(
                `A socket carries ${limits.operationsPerSocket} operations at once. Complete one, or open another socket.`,
                'TOO_MANY_OPERATIONS',
              ),
            ]
          }
          const checked = subscriptionOf(
            { schema, introspection },
            { query, variables, operationName },
            viewer,
          )
          if ('errors' in checked) return checked.errors
          const { document, cost } = checked
          contextValue.spent = rateLimits.spend(contextValue, cost, contextValue.spent)
          return { schema, document, variableValues: variables, operationName, contextValue } as ExecutionArgs
        } catch (error) {
          if (!(error instanceof GraphQLError)) throw error
          return [error]
        }
      },
      subscribe: args =>
        withinTime<ExecutionResult | AsyncIterableIterator<ExecutionResult>>(
          time,
          async signal => {
            const context = args.contextValue as Context
            context.signal = signal
            const source = await createSourceEventStream(args)
            if (!(Symbol.asyncIterator in source)) return source
            return answersTo(source as AsyncIterable<object>, answers.of(args))
          },
          () => ({ errors: [timedOut()] }),
        ),
      onNext: async (_connection, _id, _payload, args, result) => {
        const context = args.contextValue as Context
        const extensions = costOf(context)
        try {
          await context.piiReads.write()
        } catch (error) {
          return {
            errors: hideErrors([new GraphQLError('', { originalError: error as Error })], logger) as never,
          }
        }
        if (!result.errors && !extensions) return undefined
        return {
          ...result,
          ...(result.errors && { errors: hideErrors(result.errors, logger) as never }),
          ...(extensions && { extensions }),
        }
      },
      onError: ({ extra }, _id, _payload, errors) => {
        // A client that went away while something was sent to it: nobody is told, and nothing of ours has failed.
        if (extra.socket.readyState !== extra.socket.OPEN) return
        return hideErrors(errors, logger) as never
      },
    },
    websocket,
    keepAlive,
  )

  /** Ends sockets that carry nothing. Clients of graphql-ws open one again when they need it. */
  const endIdle = () => {
    const now = performance.now()
    for (const [client, each] of known) {
      if (Object.keys(each.connection.subscriptions).length > 0) each.idleSince = undefined
      else each.idleSince ??= now
      if (each.idleSince !== undefined && now - each.idleSince >= idle) {
        client.close(normal, 'Nothing was asked for')
      }
    }
  }
  const idleChecks = setInterval(endIdle, recheck).unref()
  const stopRechecking = keepRechecking({
    open: () =>
      [...known].map(([client, { viewer }]) => ({
        viewer,
        close: () => client.close(CloseCode.Forbidden, 'The API key was revoked, or the session is over'),
      })),
    outOf,
    every: recheck,
  })

  return {
    upgrade: (request, socket, head) => {
      const leave = byAddress.enter(addressOf(request), rateLimits.socketsPerAddress)
      if (!leave) return refuseUpgrade(socket, '429 Too Many Requests', { 'Retry-After': '10' })
      socket.once('close', leave)
      websocket.handleUpgrade(request, socket, head, client => {
        // What can be said no more to a client that has gone is no failure, of which graphql-ws would print every one.
        const send = client.send.bind(client) as (data: string, sent: () => void) => void
        client.send = (data: unknown, sent?: unknown) =>
          send(data as string, () => (sent as (() => void) | undefined)?.())
        websocket.emit('connection', client, request)
        client.on('message', () => {
          if (client.bufferedAmount > mostUnsent) client.terminate()
        })
        // graphql-ws prints an error of its own for a frame that is too large or broken: the fault of one client, to whom
        // ws has already said so. To terminate the connection here would take that word back.
        client.removeAllListeners('error').on('error', () => undefined)
      })
    },
    count: () => websocket.clients.size,
    close: async () => {
      clearInterval(idleChecks)
      stopRechecking()
      await server.dispose()
      for (const client of websocket.clients) client.terminate()
    },
  }
}

/** Answers to the events of a stream, one by one as they are taken. Ending them ends the stream. */
function answersTo(
  source: AsyncIterable<object>,
  answerTo: (event: object) => Promise<ExecutionResult>,
): AsyncIterableIterator<ExecutionResult> {
  const events = source[Symbol.asyncIterator]()
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: async () => {
      const { value, done } = await events.next()
      if (done) return { value: undefined, done }
      try {
        return { value: await answerTo(value) }
      } catch (error) {
        await events.return?.()
        throw error
      }
    },
    return: async () => {
      await events.return?.()
      return { value: undefined, done: true }
    },
  }
}

/**
 * What a client says of itself in `connection_init`, under the name of the header in any case.
 * @returns nothing for a client that says nothing; what is no text is no key either
 */
function authorizationIn(parameters: Record<string, unknown> | undefined): string | undefined {
  const named = Object.entries(parameters ?? {}).find(([name]) => name.toLowerCase() === 'authorization')
  return named && (typeof named[1] === 'string' ? named[1] : '')
}
