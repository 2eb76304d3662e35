import { createClient } from 'graphql-ws'
import { liveCalls, type LiveCalls } from './call-documents.ts'

// The stream speaks at least every 5 s.
const patience = 12_000
const longestPause = 8_000

/** Shows the calls on the line, for ever: whatever breaks, it connects again. → ends it */
export function followCalls(show: (live: LiveCalls) => void): () => void {
  const ended = new AbortController()
  const url = new URL('/graphql', location.href).href.replace(/^http/, 'ws')
  let failures = 0

  async function listen(): Promise<void> {
    const client = createClient({ url, retryAttempts: 0, connectionAckWaitTimeout: patience })
    const giveUp = () => client.terminate()
    ended.signal.addEventListener('abort', giveUp)
    let silence = setTimeout(giveUp, patience)
    try {
      for await (const { data } of client.iterate<{ live: LiveCalls }>({ query: liveCalls })) {
        if (!data) return
        clearTimeout(silence)
        silence = setTimeout(giveUp, patience)
        failures = 0
        show(data.live)
      }
    } catch {
      // Whatever it was, the screen tells how old its picture is, and the next attempt comes.
    } finally {
      clearTimeout(silence)
      ended.signal.removeEventListener('abort', giveUp)
    }
  }

  async function run(): Promise<void> {
    while (!ended.signal.aborted) {
      await listen()
      await pause(Math.min(longestPause, 500 * 2 ** failures++), ended.signal)
    }
  }

  void run()
  return () => ended.abort()
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
