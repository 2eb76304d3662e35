import { loadDotEnv, StartError } from '../env.ts'
import { readApiEnv } from './env.ts'
import { createLogger } from './logger.ts'
import { type Api, startApi } from './start.ts'

/**
 * Starts the api, tells a parent process `{ ready: url }`, and closes on SIGTERM, on SIGINT, and when the parent is
 * gone.
 */
async function main(): Promise<void> {
  loadDotEnv()
  const env = readApiEnv(process.env)
  const logger = createLogger(env.LOG_LEVEL)
  const api = await startApi(env, logger)
  logger.info({ url: api.url }, 'the api is there')
  const stop = stopOnce(api)
  for (const reason of ['SIGTERM', 'SIGINT', 'disconnect'] as const) {
    process.once(reason, () => {
      logger.info({ reason }, 'the api stops')
      stop().catch((error: unknown) => {
        logger.fatal({ err: error }, 'the api did not stop cleanly')
        process.exitCode = 1
      })
    })
  }
  process.send?.({ ready: api.url })
}

function stopOnce(api: Api): () => Promise<void> {
  let stopped: Promise<void> | undefined
  return () =>
    (stopped ??= api.close().finally(() => {
      // An open channel to the parent would keep this process alive.
      if (process.connected) process.disconnect?.()
    }))
}

try {
  await main()
} catch (error) {
  const sentence = error instanceof StartError ? error.message : `The api cannot start: ${String(error)}`
  process.stderr.write(`${sentence}\n`)
  process.exitCode = 1
  if (process.connected) process.disconnect?.()
}
