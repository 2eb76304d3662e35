/*
 * Loaded into a program that is measured, before the program itself (`node --import`): tells the parent what it has
 * used whenever it asks.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** What a program has used. */
export interface Reading {
  /** CPU seconds since it started. */
  cpu: number
  /** 99th percentile of the delay of its event loop since it was last asked, in milliseconds. */
  loop: number
  /** Bytes; after a collection of garbage when the program was started with --expose-gc. */
  rss: number
  heap: number
}

/** How often the delay is sampled, in milliseconds: it counts from there. */
const resolution = 10

const delay = monitorEventLoopDelay({ resolution })
delay.enable()

process.on('message', message => {
  if (message !== 'measure') return
  const { user, system } = process.cpuUsage()
  const loop = Math.max(0, delay.percentile(99) / 1e6 - resolution)
  delay.reset()
  // The second round frees what the first has finalised.
  globalThis.gc?.()
  globalThis.gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  const reading: Reading = { cpu: (user + system) / 1e6, loop, rss, heap: heapUsed + external }
  process.send?.({ reading })
})
