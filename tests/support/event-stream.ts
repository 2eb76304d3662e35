import { createClient } from 'graphql-sse'
import type { TestApi } from './api.ts'
import { Inbox } from './inbox.ts'
import type { Listener, StreamEvent } from './listener.ts'

export interface Frame {
  id?: string
  event?: string
  data?: string
  /** A comment, which says nothing but that the stream is alive. */
  comment?: string
}

export interface EventStream {
  status: number
  headers: Headers
  /** What was answered instead of a stream. */
  text: () => Promise<string>
  /** The next frame of this kind. */
  next(event?: string): Promise<Frame>
  comment(): Promise<Frame>
  /** Settles when the stream has ended: with what broke it, or nothing. */
  ended: Promise<unknown>
  stop(): void
}

/** Opens a stream as EventSource or curl does: what comes is read by its frames. */
export async function openStream(
  api: TestApi,
  request: RequestInit & { search?: string },
): Promise<EventStream> {
  const stop = new AbortController()
  const { search = '', ...init } = request
  const response = await fetch(`${api.url}/graphql/stream${search}`, { ...init, signal: stop.signal })
  const inbox = new Inbox<Frame>()
  async function read(): Promise<unknown> {
    let rest = ''
    try {
      for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
        const frames = (rest + text).split('\n\n')
        rest = frames.pop()!
        for (const frame of frames) inbox.push(frameOf(frame))
      }
      return undefined
    } catch (error) {
      return error
    } finally {
      inbox.close('the stream has ended')
    }
  }
  const streams = response.headers.get('Content-Type')?.startsWith('text/event-stream')
  return {
    status: response.status,
    headers: response.headers,
    text: () => response.text(),
    next: (event = 'next') => inbox.next(frame => frame.event === event),
    comment: () => inbox.next(frame => frame.comment !== undefined),
    ended: streams ? read() : Promise.resolve(),
    stop: () => stop.abort(),
  }
}

const frameOf = (text: string): Frame =>
  Object.fromEntries(
    text.split('\n').map(line => {
      const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line)!
      return [field || 'comment', value]
    }),
  )

/** Listens by the client of graphql-sse, which nobody here wrote. */
export function listenByEvents(
  api: TestApi,
  { query, variables, key }: { query: string; variables?: Record<string, unknown>; key?: string },
): Omit<Listener, 'until'> {
  const client = createClient({
    url: `${api.url}/graphql/stream`,
    headers: key ? { Authorization: `Bearer ${key}` } : {},
    retryAttempts: 0,
  })
  const inbox = new Inbox<StreamEvent>()
  async function read(): Promise<unknown> {
    try {
      for await (const { data, errors } of client.iterate<{ event: StreamEvent }>({ query, variables })) {
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
    beat: () => inbox.next(({ type }) => type === 'HEARTBEAT'),
    ended: read(),
    stop: async () => client.dispose(),
  }
}
