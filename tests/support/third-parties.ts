import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client/core'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { relayStylePagination } from '@apollo/client/utilities'
import { Client as UrqlClient, cacheExchange, fetchExchange, subscriptionExchange } from '@urql/core'
import { createClient as createSseClient } from 'graphql-sse'
import { type Client as WsClient, createClient as createWsClient } from 'graphql-ws'
import { tap } from 'rxjs'
import { python } from '../../scripts/set-up-tests.ts'

/** What a program knows of a shop. */
export interface Place {
  url: string
  /** An API key. */
  key: string
}

export interface HeardEvent {
  type: string
  cursor: string
  order: { number: string; status: string } | null
}

const eventsAfter = `subscription ($after: String) {
  event: orderEvents(after: $after) { type cursor order { id number status } }
}`

/** How long these programs wait before they try again, in milliseconds; their own default is a second and more. */
const backOff = () => new Promise<void>(resolve => void setTimeout(resolve, 20))

/** Tries for ever: a shop that restarts refuses connections for a while. */
const sockets = ({ url, key }: Place): WsClient =>
  createWsClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    connectionParams: { authorization: `Bearer ${key}` },
    retryAttempts: Infinity,
    shouldRetry: () => true,
    retryWait: backOff,
  })

/** Moves `after` of a subscription to the last event that was heard, since a socket that opens again asks as before. */
const resume = new ApolloLink((operation, forward) =>
  forward(operation).pipe(
    tap(({ data }) => {
      const { cursor } = (data as { event?: HeardEvent } | null)?.event ?? {}
      if (cursor) operation.variables.after = cursor
    }),
  ),
)

/**
 * Apollo Client, as its documentation puts it together.
 * @param onAnswer called with the headers of every answer
 */
export function apolloClient(
  place: Place,
  possibleTypes: Record<string, string[]>,
  onAnswer: (headers: Headers) => void = () => {},
): ApolloClient & { [Symbol.asyncDispose](): Promise<void> } {
  const socket = sockets(place)
  const http = new HttpLink({
    uri: `${place.url}/graphql`,
    headers: { authorization: `Bearer ${place.key}` },
    fetch: async (...request) => {
      const response = await fetch(...request)
      onAnswer(response.headers)
      return response
    },
  })
  const client = new ApolloClient({
    link: ApolloLink.split(
      ({ operationType }) => operationType === 'subscription',
      resume.concat(new GraphQLWsLink(socket)),
      http,
    ),
    cache: new InMemoryCache({
      possibleTypes,
      typePolicies: { Query: { fields: { orders: relayStylePagination(['filter']) } } },
    }),
  })
  return Object.assign(client, {
    [Symbol.asyncDispose]: async () => {
      client.stop()
      await socket.dispose()
    },
  })
}

/** urql, with its live events by one of two roads. */
export function urqlClient(
  place: Place,
  road: 'socket' | 'stream' = 'socket',
): UrqlClient & { [Symbol.asyncDispose](): Promise<void> } {
  const headers = { authorization: `Bearer ${place.key}` }
  const live =
    road === 'socket'
      ? sockets(place)
      : createSseClient({
          url: `${place.url}/graphql/stream`,
          headers,
          retryAttempts: Infinity,
          retry: backOff,
        })
  const client = new UrqlClient({
    url: `${place.url}/graphql`,
    preferGetMethod: false,
    fetchOptions: { headers },
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => {
          // These are sent again when the connection is made again.
          const request = { query, variables: { ...variables } as Record<string, unknown> }
          return {
            subscribe: sink => ({
              unsubscribe: live.subscribe(request, {
                ...sink,
                next: result => {
                  const { cursor } = (result.data as { event?: HeardEvent } | null)?.event ?? {}
                  if (cursor) request.variables.after = cursor
                  sink.next(result as never)
                },
              }),
            }),
          }
        },
      }),
    ],
  })
  return Object.assign(client, { [Symbol.asyncDispose]: async () => void (await live.dispose()) })
}

/** Calls back for everything that happens after a cursor. → stops */
export type Follow = (place: Place, after: string, heard: (event: HeardEvent) => void) => () => Promise<void>

const byUrql =
  (road: 'socket' | 'stream'): Follow =>
  (place, after, heard) => {
    const client = urqlClient(place, road)
    const { unsubscribe } = client
      .subscription<{ event: HeardEvent }>(eventsAfter, { after })
      .subscribe(({ data }) => data && heard(data.event))
    return async () => {
      unsubscribe()
      await client[Symbol.asyncDispose]()
    }
  }

export const followers: Record<string, Follow> = {
  'Apollo Client over a WebSocket': (place, after, heard) => {
    const client = apolloClient(place, {})
    const subscription = client
      .subscribe<{ event: HeardEvent }>({ query: gql(eventsAfter), variables: { after } })
      .subscribe(({ data }) => data && heard(data.event))
    return async () => {
      subscription.unsubscribe()
      await client[Symbol.asyncDispose]()
    }
  },
  "Python's websockets": (place, after, heard) => {
    const child = spawn(python, ['tests/support/follow.py'], {
      env: {
        PATH: process.env.PATH,
        SHOP_URL: `${place.url.replace('http', 'ws')}/graphql`,
        SHOP_KEY: place.key,
        AFTER: after,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    createInterface(child.stdout).on('line', line => heard(JSON.parse(line) as HeardEvent))
    return async () => {
      child.kill('SIGTERM')
      await ended
    }
  },
  'urql over a WebSocket': byUrql('socket'),
  'urql over Server-Sent Events': byUrql('stream'),
}
