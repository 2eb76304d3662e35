import { createClient } from 'graphql-ws'
import { pause, streamUrl } from '../../../../follow.ts'
import { liveCalls, type LiveCalls } from './call-documents.ts'

// The stream speaks at least every 5 s.
const patience = 12_000
const longestPause = 8_000

/** Shows the calls on the line, for ever: whatever breaks, it connects again. → ends it */
export function followCalls(show: (live: LiveCalls) => void): () => void {
  let link = new AbortController()
  let ended = false
  let failures = 0

  async function listen(givenUp: AbortSignal): Promise<void> {
    const client = createClient({ url: streamUrl(), retryAttempts: 0 })
    const giveUp = () => client.terminate()
    givenUp.addEventListener('abort', giveUp)
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
      givenUp.removeEventListener('abort', giveUp)
    }
  }

  async function run(): Promise<void> {
    while (!ended) {
      link = new AbortController()
      await listen(link.signal)
      await pause(Math.min(longestPause, 500 * 2 ** failures++), link.signal)
    }
  }

  /** The network or the screen has come back: the link may be a dead one, and a new one brings the picture at once. */
  function renew(): void {
    if (document.visibilityState === 'hidden') return
    failures = 0
    link.abort()
  }

  const listening = new AbortController()
  for (const back of ['online', 'pageshow']) addEventListener(back, renew, listening)
  document.addEventListener('visibilitychange', renew, listening)
  void run()
  return () => {
    ended = true
    listening.abort()
    link.abort()
  }
}
