import { createClient } from 'graphql-ws'
import { streamUrl } from '../../follow.ts'
import { headerOf } from './requests.ts'

interface Operation {
  query: string
  variables?: Record<string, unknown> | undefined
  operationName?: string | null | undefined
}

interface Told {
  data?: Record<string, unknown> | null
  extensions?: unknown
}

/** How many events stay in sight. */
const most = 50

/**
 * Follows a subscription. Every answer is all that has come so far, newest first, since a heartbeat every five seconds
 * would wipe out what one has waited for. A link that breaks is tried again; with a variable `$after` the events go on
 * where they ended.
 */
export async function* subscribe(
  operation: Operation,
  headers: Record<string, unknown>,
): AsyncGenerator<object, void> {
  const authorization = headerOf(headers, 'authorization')
  const client = createClient({
    url: streamUrl(),
    connectionParams: authorization ? { authorization } : {},
    retryAttempts: 10,
  })
  const payload = { ...operation, variables: operation.variables ?? {} }
  const resumes = /\$after\s*:/.test(operation.query)
  let events: Told[] = []
  try {
    for await (const told of client.iterate(payload as { query: string })) {
      const { cursor, type } = eventOf(told as Told)
      // The client sends the payload anew, as it is by then, when it connects again.
      if (resumes && cursor && type !== 'GAP') payload.variables = { ...payload.variables, after: cursor }
      events = [told as Told, ...events.filter(event => eventOf(event).type !== 'HEARTBEAT')].slice(0, most)
      yield { newestFirst: events }
    }
  } finally {
    await client.dispose()
  }
}

function eventOf({ data }: Told): { cursor?: string; type?: string } {
  return (Object.values(data ?? {})[0] as object | undefined) ?? {}
}
