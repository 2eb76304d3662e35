import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ExecutionArgs, GraphQLError, type GraphQLSchema } from 'graphql'
import { CloseCode } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import type { Logger } from 'pino'
import { type WebSocket, WebSocketServer } from 'ws'
import { keepRechecking } from '../auth/recheck.ts'
import { anyone, type Viewer } from '../auth/viewer.ts'
import type { Context } from '../context.ts'
import { troubleOf } from '../database-errors.ts'
import { limits } from '../limits/limits.ts'
import { hideErrors, subscriptionOf } from './subscription.ts'

export interface SocketRoadOptions {
  schema: GraphQLSchema
  /** Whether anyone may introspect, or only those who say who they are. */
  introspection: boolean
  logger: Logger
  viewerOf: (request: IncomingMessage, authorization?: string) => Promise<Viewer>
  contextOf: (viewer: Viewer, request: IncomingMessage) => Context
  /** Those of some viewers who may not do any more what they might. */
  outOf: (viewers: Viewer[]) => Promise<Set<Viewer>>
  /** How often open sockets are checked for that, in milliseconds. */
  recheck?: number | undefined
}

/** How often a client is pinged, in milliseconds; one that does not answer in that time is cut off. */
const keepAlive = 10_000

/** RFC 6455's registry; clients of graphql-ws connect again after it, and give up after 4500. */
const tryAgainLater = 1013

/** GraphQL over a WebSocket: subscriptions only, behind the same limits as over HTTP. */
export function graphqlOverSocket({
  schema,
  introspection,
  logger,
  viewerOf,
  contextOf,
  outOf,
  recheck = 5_000,
}: SocketRoadOptions): {
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** How many sockets are open. */
  count: () => number
  close: () => Promise<void>
} {
  const websocket = new WebSocketServer({ noServer: true, maxPayload: limits.bodyBytes })

  /** Who is on an open socket. */
  const known = new WeakMap<WebSocket, Viewer>()

  const server = useServer<{ authorization?: unknown }, { viewer?: Viewer }>(
    {
      schema,
      onConnect: async ({ connectionParams, extra }) => {
        const authorization = connectionParams?.authorization
        try {
          extra.viewer = await viewerOf(
            extra.request,
            typeof authorization === 'string' ? authorization : undefined,
          )
          known.set(extra.socket, extra.viewer)
        } catch (error) {
          if (troubleOf(error)) extra.socket.close(tryAgainLater, 'The database could not be reached')
          else if (error instanceof GraphQLError)
            extra.socket.close(CloseCode.Forbidden, 'The API key is wrong or was revoked')
          else throw error
          return false
        }
      },
      onSubscribe: ({ extra }, _id, { query, variables, operationName }) => {
        const viewer = extra.viewer ?? anyone
        const checked = subscriptionOf({ schema, introspection }, { query, variables, operationName }, viewer)
        if ('errors' in checked) return checked.errors
        const contextValue = contextOf(viewer, extra.request)
        return {
          schema,
          document: checked.document,
          variableValues: variables,
          operationName,
          contextValue,
        } as ExecutionArgs
      },
      onNext: (_ctx, _id, _payload, _args, result) =>
        result.errors ? { ...result, errors: hideErrors(result.errors, logger) as never } : undefined,
      onError: ({ extra }, _id, _payload, errors) => {
        // A client that went away while something was sent to it: nobody is told, and nothing of ours has failed.
        if (extra.socket.readyState !== extra.socket.OPEN) return
        return hideErrors(errors, logger) as never
      },
    },
    websocket,
    keepAlive,
  )
  const stopRechecking = keepRechecking({
    open: () =>
      [...websocket.clients].flatMap(client => {
        const viewer = known.get(client)
        const close = () =>
          client.close(CloseCode.Forbidden, 'The API key was revoked, or the session is over')
        return viewer ? [{ viewer, close }] : []
      }),
    outOf,
    every: recheck,
  })

  return {
    upgrade: (request, socket, head) =>
      websocket.handleUpgrade(request, socket, head, client => {
        websocket.emit('connection', client, request)
        // graphql-ws prints an error of its own for a frame that is too large or broken: the fault of one client.
        client.removeAllListeners('error').on('error', () => client.terminate())
      }),
    count: () => websocket.clients.size,
    close: async () => {
      stopRechecking()
      await server.dispose()
      for (const client of websocket.clients) client.terminate()
    },
  }
}
