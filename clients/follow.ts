import { createClient } from 'graphql-ws'

/** The least a stream of events says. */
export interface StreamEvent {
  type: string
  /** Its place in the log. */
  cursor: string
}

/** A picture that is kept up to date by events. */
export interface Source<Event extends StreamEvent> {
  /**
   * Loads the picture as it is now. What arrives after `givenUp` has aborted must be dropped: a newer picture may be
   * there already.
   * → the cursor its events follow
   */
  load(givenUp: AbortSignal): Promise<string>
  /** A subscription that takes `$after` and answers with the field `event`. */
  subscription: string
  /** Types of events after which only a new picture is right; `SHOP_CHANGED` if omitted. */
  renewedBy?: readonly string[]
  /** Puts one event into the picture. The same one may come twice. */
  apply(event: Event): void
  /** The api has just proven that the picture is fresh. */
  heard(): void
  /** Why an attempt ended: what `load` threw, a list of GraphQL errors, or the event of a socket. */
  failed?(reason: unknown): void
}

// Beats come every 5 s, and a stream that begins anew proves itself with the next one. After a longer break than this the
// picture could go stale in the meantime; a new one is proof at once.
const shortBreak = 4_000

/** A beat is missing: where a picture or a network comes back, such a link is not waited for. */
const doubtfulAfter = 6_000

// Silence proves more than a missing pong would: the stream itself is dead.
const patience = 12_000

// Less than a picture takes to go stale, so that a network that lets no WebSocket through is polled.
const longestPause = 8_000

/**
 * Keeps a picture fresh, for ever: a snapshot, then its events. After a short break of the link the events go on where
 * they ended; after anything that may have lost one it begins with a new snapshot, which is right whatever happened.
 * → ends it
 */
export function follow<Event extends StreamEvent>(source: Source<Event>): () => void {
  const { renewedBy = ['SHOP_CHANGED'] } = source
  let link = new AbortController()
  let ended = false
  let failures = 0
  let provenAt = 0
  /** Where a stream ended that had been alive. */
  let place: { cursor: string; at: number } | undefined

  const since = (time: number) => Math.abs(Date.now() - time)

  function proven(): void {
    provenAt = Date.now()
    source.heard()
  }

  /** Each place is tried once: a link that brought nothing since must not keep the picture waiting. */
  function takeUp(): string | undefined {
    const taken = place
    place = undefined
    return taken && since(taken.at) < shortBreak ? taken.cursor : undefined
  }

  async function snapshot(givenUp: AbortSignal): Promise<string> {
    const cursor = await Promise.race([source.load(givenUp), rejectedWhen(givenUp)])
    proven()
    return cursor
  }

  async function attempt(givenUp: AbortSignal): Promise<void> {
    let cursor = takeUp() ?? (await snapshot(givenUp))
    if (givenUp.aborted) return
    const client = createClient({ url: streamUrl(), retryAttempts: 0 })
    const giveUp = () => client.terminate()
    givenUp.addEventListener('abort', giveUp)
    let silence = setTimeout(giveUp, patience)
    try {
      const query = { query: source.subscription, variables: { after: cursor } }
      for await (const { data, errors } of client.iterate<{ event: Event }>(query)) {
        place = undefined
        if (!data) throw errors
        const { event } = data
        const lost = event.type === 'HEARTBEAT' && event.cursor !== cursor
        if (lost || event.type === 'GAP' || renewedBy.includes(event.type)) return
        clearTimeout(silence)
        silence = setTimeout(giveUp, patience)
        failures = 0
        source.apply(event)
        proven()
        cursor = event.cursor
        place = { cursor, at: provenAt }
      }
    } finally {
      clearTimeout(silence)
      givenUp.removeEventListener('abort', giveUp)
    }
  }

  async function run(): Promise<void> {
    while (!ended) {
      link = new AbortController()
      try {
        await attempt(link.signal)
      } catch (reason) {
        if (!link.signal.aborted) source.failed?.(reason)
      }
      await pause(Math.min(longestPause, 500 * 2 ** failures++), link.signal)
    }
  }

  const stopWatching = onReturn(networkChanged => {
    if (!networkChanged && since(provenAt) < doubtfulAfter) return
    failures = 0
    link.abort()
  })
  void run()
  return () => {
    ended = true
    stopWatching()
    link.abort()
  }
}

/** Where the api's streams are. */
export function streamUrl(): string {
  return new URL('/graphql', location.href).href.replace(/^http/, 'ws')
}

function rejectedWhen(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('given up')), { once: true })
  })
}

/** Calls back when the network or the screen has come back: at that moment the link may be a dead one. → stops */
function onReturn(returned: (networkChanged: boolean) => void): () => void {
  const online = () => returned(true)
  const visible = () => {
    if (document.visibilityState === 'visible') returned(false)
  }
  const shown = ({ persisted }: PageTransitionEvent) => {
    if (persisted) returned(false)
  }
  addEventListener('online', online)
  addEventListener('pageshow', shown)
  document.addEventListener('visibilitychange', visible)
  return () => {
    removeEventListener('online', online)
    removeEventListener('pageshow', shown)
    document.removeEventListener('visibilitychange', visible)
  }
}

/** Waits between half and all of so many milliseconds, or until the signal aborts. */
export function pause(longest: number, over: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (over.aborted) return void resolve()
    const finish = () => {
      clearTimeout(timer)
      over.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, longest * (0.5 + Math.random() / 2))
    over.addEventListener('abort', finish)
  })
}
