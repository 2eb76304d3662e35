import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { Inbox } from './inbox.ts'
import type { TestApi } from './api.ts'

/** What a stream of events says; `order` holds what was asked for. */
export interface StreamEvent {
  type: string
  cursor: string
  order: Record<string, unknown> | null
}

export interface Listener {
  /** The next event that is no heartbeat. */
  next(): Promise<StreamEvent>
  /** The next one of a type. */
  until(type: string): Promise<StreamEvent>
  /** The next heartbeat. */
  beat(): Promise<StreamEvent>
  /** How the stream ended: nothing when it was complete, else what broke it. */
  ended: Promise<unknown>
  stop(): Promise<void>
}

export interface Listen {
  field: 'boardEvents' | 'orderEvents'
  after?: string
  /** An API key. */
  key?: string
  /** Sent with the upgrade, as a browser does. */
  headers?: Record<string, string>
  order?: string
}

/** Listens to the log over a WebSocket, as a screen does. */
export function listen(
  api: TestApi,
  { field, after, key, headers = {}, order = 'number status' }: Listen,
): Listener {
  const client = createClient({
    url: `${api.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: class extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { headers })
      }
    },
    connectionParams: key ? { authorization: `Bearer ${key}` } : {},
    retryAttempts: 0,
  })
  const inbox = new Inbox<StreamEvent>()
  async function read(): Promise<unknown> {
    try {
      const query = `subscription ($after: String) { event: ${field}(after: $after) { type cursor at order { ${order} } } }`
      for await (const { data, errors } of client.iterate<{ event: StreamEvent }>({
        query,
        variables: { after },
      })) {
        if (errors) return errors
        inbox.push(data!.event)
      }
      return undefined
    } catch (error) {
      return error
    } finally {
      inbox.close('the stream has ended')
    }
  }
  return {
    next: () => inbox.next(({ type }) => type !== 'HEARTBEAT'),
    until: wanted => inbox.next(({ type }) => type === wanted),
    beat: () => inbox.next(({ type }) => type === 'HEARTBEAT'),
    ended: read(),
    stop: async () => client.dispose(),
  }
}
