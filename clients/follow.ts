import { createClient } from 'graphql-ws'

/** The least a stream of events says. */
export interface StreamEvent {
  type: string
}

/** A picture that is kept up to date by events. */
export interface Source<Event extends StreamEvent> {
  /** Loads the picture as it is now. → the cursor its events follow */
  load(): Promise<string>
  /** A subscription that takes `$after` and answers with the field `event`. */
  subscription: string
  /** Puts one event into the picture. The same one may come twice. */
  apply(event: Event): void
  /** The api has just proven that the picture is fresh. */
  heard(): void
  /** Why an attempt ended: what `load` threw, a list of GraphQL errors, or the event of a socket. */
  failed?(reason: unknown): void
}

// Beats come every 5 s. Silence proves more than a missing pong would: the stream itself is dead.
const patience = 12_000

// Less than a picture takes to go stale, so that a network that lets no WebSocket through is polled.
const longestPause = 8_000

/**
 * Keeps a picture fresh, for ever: a snapshot, then its events, and again from the start after anything that may
 * have lost one. A new snapshot after each break is smaller than the log of a night, and right whatever happened.
 * → ends it
 */
export function follow<Event extends StreamEvent>(source: Source<Event>): () => void {
  const ended = new AbortController()
  let failures = 0

  async function attempt(): Promise<void> {
    const after = await source.load()
    if (ended.signal.aborted) return
    source.heard()
    const client = createClient({ url: streamUrl(), retryAttempts: 0, connectionAckWaitTimeout: patience })
    const giveUp = () => client.terminate()
    ended.signal.addEventListener('abort', giveUp)
    let silence = setTimeout(giveUp, patience)
    try {
      const query = { query: source.subscription, variables: { after } }
      for await (const { data, errors } of client.iterate<{ event: Event }>(query)) {
        if (!data) throw errors
        clearTimeout(silence)
        silence = setTimeout(giveUp, patience)
        source.heard()
        if (['GAP', 'SHOP_CHANGED'].includes(data.event.type)) return
        failures = 0
        source.apply(data.event)
      }
    } finally {
      clearTimeout(silence)
      ended.signal.removeEventListener('abort', giveUp)
    }
  }

  async function run(): Promise<void> {
    while (!ended.signal.aborted) {
      try {
        await attempt()
      } catch (reason) {
        if (!ended.signal.aborted) source.failed?.(reason)
      }
      await pause(Math.min(longestPause, 500 * 2 ** failures++), ended.signal)
    }
  }

  void run()
  return () => ended.abort()
}

function streamUrl(): string {
  return new URL('/graphql', location.href).href.replace(/^http/, 'ws')
}

/** Waits between half and all of so many milliseconds, shorter when the network or the screen comes back. */
function pause(longest: number, ended: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const over = new AbortController()
    const finish = () => {
      clearTimeout(timer)
      over.abort()
      resolve()
    }
    const timer = setTimeout(finish, longest * (0.5 + Math.random() / 2))
    const { signal } = over
    for (const back of ['online', 'pageshow']) addEventListener(back, finish, { signal })
    document.addEventListener('visibilitychange', finish, { signal })
    ended.addEventListener('abort', finish, { signal })
  })
}
