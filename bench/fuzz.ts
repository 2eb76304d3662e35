import { startFuzzedShop } from '../tests/support/fuzzed-shop.ts'
import { measured, stayOff } from './cores.ts'
import type { Section } from './report.ts'
import { median } from './statistics.ts'

const seed = Number(process.env.FUZZ_SEED) || 1
const rounds = 6
/** Documents of a round. */
const documents = Number(process.env.FUZZ_ROUNDS) || 5_000
/** Milliseconds of delay. */
const wanted = 50

interface Round {
  /** 99th percentile of the delay of the event loop, in milliseconds. */
  loop: number
  /** Bytes. */
  heap: number
  /** CPU milliseconds of the api for one document. */
  cpu: number
  perSecond: number
}

/** Whether odd documents keep the api from answering others, or make it grow. */
export async function fuzz(log: (line: string) => void): Promise<Section> {
  const giveBack = stayOff()
  const shop = await startFuzzedShop({ core: measured })
  const found: Round[] = []
  try {
    for (let round = 0; round <= rounds; round += 1) {
      const before = await shop.measure()
      const began = performance.now()
      const { faults, sent } = await shop.fuzz({ seed: seed + round, documents })
      const ms = performance.now() - began
      if (faults.length > 0) throw new Error(`FUZZ_SEED=${seed + round}: ${faults.join('\n\n')}`)
      const { loop, heap, cpu } = await shop.measure()
      found.push({ loop, heap, cpu: ((cpu - before.cpu) * 1_000) / sent, perSecond: (sent * 1_000) / ms })
      log(
        `fuzz, round ${round}: p99 of the delay ${loop.toFixed(0)} ms, heap ${(heap / 2 ** 20).toFixed(1)} MiB`,
      )
    }
  } finally {
    await shop.stop()
    giveBack()
  }
  const warm = found.slice(1)
  const worst = Math.max(...warm.map(({ loop }) => loop))
  return {
    title: 'Odd documents',
    how:
      `\`npm run bench -- fuzz\`. The fuzzer of \`tests/api/fuzz.test.ts\` sends ${rounds} rounds of ${documents} odd documents over HTTP, WebSocket and Server-Sent Events, eight at a time, as anyone, staff and two keys, to the built api with SQLite in a file, after a first round that does not count. ` +
      'The delay of the event loop is that of `perf_hooks.monitorEventLoopDelay` in the api, less the 10 ms of its interval; memory is read after a collection of garbage.',
    tables: [
      [
        ['Round', 'delay p99, ms', 'heap and buffers, MiB', 'CPU for one, ms', 'documents a second'],
        ...warm.map(({ loop, heap, cpu, perSecond }, index) => [
          String(index + 1),
          loop.toFixed(1),
          (heap / 2 ** 20).toFixed(1),
          cpu.toFixed(1),
          perSecond.toFixed(0),
        ]),
      ],
    ],
    goals: [
      {
        what: 'delay of the event loop under odd documents, p99 of the worst round',
        reach: `< ${wanted} ms`,
        measured: `${worst.toFixed(1)} ms, median ${median(warm.map(({ loop }) => loop)).toFixed(1)} ms`,
        met: worst < wanted,
      },
    ],
  }
}
