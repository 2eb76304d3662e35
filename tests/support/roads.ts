import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import type { TestApi } from './api.ts'

export interface Failure {
  message: string
  extensions: { code: string; requestId: string; retryAfter?: number }
}

/** Sends a document over a road. → its errors, none as soon as anything else is answered */
export type Road = (
  api: TestApi,
  query: string,
  as?: string,
  headers?: Record<string, string>,
) => Promise<Failure[]>

/** By POST. */
export const byHttp: Road = async (api, query, as, headers = {}) => {
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(as && { Authorization: `Bearer ${as}` }), ...headers },
    body: JSON.stringify({ query }),
  })
  return ((await response.json()) as { errors?: Failure[] }).errors ?? []
}

/** Over a WebSocket of its own. */
export const bySocket: Road = async (api, query, as, headers = {}) => {
  const client = createClient({
    url: `${api.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: class extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { headers })
      }
    },
    connectionParams: as ? { authorization: `Bearer ${as}` } : {},
    retryAttempts: 0,
  })
  try {
    for await (const { errors } of client.iterate({ query })) return (errors ?? []) as never
    return []
  } catch (errors) {
    return errors as Failure[]
  } finally {
    await client.dispose()
  }
}
