import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import { connectionOptions } from '../postgresql.ts'

/** PostgreSQL tells on it that a shop's log has something new, once that is committed. The payload is the shop's id. */
export const channel = 'bobarista_event'

const firstPause = 100
const longestPause = 5_000

export interface NotificationOptions {
  url: string
  /** Called with the id of a shop when its log has something new; without one when that is possible for any. */
  wake: (shop?: string) => void
  logger: Logger
}

/**
 * Listens to what all processes commit, until it is closed. A connection that is lost is made again; what was told in
 * between was missed, so everything is woken then. The log is looked at now and then besides, so nothing is lost.
 * @returns how to stop it, once it listens or has failed to for the first time
 */
export async function listenToNotifications(options: NotificationOptions): Promise<() => Promise<void>> {
  const stop = new AbortController()
  const tried = Promise.withResolvers<void>()
  const running = keepListening(options, stop.signal, tried.resolve)
  await tried.promise
  return async () => {
    stop.abort()
    await running
  }
}

async function keepListening(
  { url, wake, logger }: NotificationOptions,
  signal: AbortSignal,
  tried: () => void,
): Promise<void> {
  for (let pause = firstPause; !signal.aborted; pause = Math.min(pause * 2, longestPause)) {
    const client = new pg.Client(connectionOptions(url))
    // The connection may break at any time; without a listener that would end the process.
    client.on('error', () => undefined)
    client.on('notification', ({ payload }) => wake(payload))
    try {
      const ended = once(client, 'end', { signal })
      ended.catch(() => undefined)
      await client.connect()
      await client.query(`listen ${channel}`)
      pause = firstPause
      wake()
      tried()
      await ended
      logger.warn('PostgreSQL has ended the connection that wakes this process')
    } catch (error) {
      if (!signal.aborted) logger.warn({ err: error }, 'this process is woken by no other for now')
      tried()
    }
    await client.end().catch(() => undefined)
    await wait(pause, undefined, { signal }).catch(() => undefined)
  }
}
