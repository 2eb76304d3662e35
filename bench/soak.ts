import { bridgesOf } from './bridges.ts'
import { stayOff } from './cores.ts'
import { startDriver } from './driver.ts'
import type { Section } from './report.ts'
import { startShop } from './shop.ts'

const count = 100
/** So many of them hang up every minute, and as many others call. */
const replaced = 10
const minutes = 30
/** Minutes until the process counts as warm. */
const warm = 5
const minuteMs = 60_000
/** Most that memory may leave what it was when warm. */
const flat = 0.05

const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1)

/** Whether memory stays as it is while calls come and go for half an hour. */
export async function soak(log: (line: string) => void): Promise<Section> {
  const spread = stayOff()
  const shop = await startShop()
  const bridge = bridgesOf(shop).find(({ name }) => name === 'linear16')!
  const driver = await startDriver(bridge.agentBytes)
  const program = await bridge.start(driver.agentUrl, true)
  const seen: { minute: number; rss: number; heap: number; p95: number; loop: number }[] = []
  try {
    await driver.call(program.url, count)
    for (let minute = 1; minute <= minutes; minute += 1) {
      const began = performance.now()
      await driver.hangUp(replaced)
      await driver.call(program.url, replaced)
      const { up, down } = await driver.measure(minuteMs - (performance.now() - began))
      const { rss, heap, loop } = await program.measure()
      seen.push({ minute, rss, heap, p95: Math.max(up.p95, down.p95), loop })
      log(`soak: minute ${minute}, resident set ${mib(rss)} MiB, heap and buffers ${mib(heap)} MiB`)
    }
    await driver.hangUp()
  } finally {
    await driver.close()
    await program.stop()
    await shop.close()
    spread()
  }
  const base = seen[warm - 1]!
  const later = seen.slice(warm)
  const off = (pick: (each: (typeof seen)[number]) => number) =>
    Math.max(...later.map(each => Math.abs(pick(each) / pick(base) - 1)))
  const worst = { rss: off(({ rss }) => rss), heap: off(({ heap }) => heap) }
  return {
    title: 'Half an hour of calls',
    how: `\`npm run bench -- soak\`. ${count} calls with \`linear16\`, both sides always speaking; every minute ${replaced} hang up and ${replaced} others call. Memory is read at the end of each minute after a collection of garbage; the table shows every fifth. Compared is what comes after minute ${warm} with minute ${warm}.`,
    tables: [
      [
        ['minute', 'resident set, MiB', 'heap and buffers, MiB', 'p95 delay, ms', 'event loop p99, ms'],
        ...seen
          .filter(({ minute }) => minute % 5 === 0)
          .map(({ minute, rss, heap, p95, loop }) => [
            String(minute),
            mib(rss),
            mib(heap),
            p95.toFixed(1),
            loop.toFixed(1),
          ]),
      ],
    ],
    goals: [
      {
        what: `memory during ${minutes} minutes of ${count} calls`,
        reach: `± ${flat * 100} %`,
        measured: `resident set ± ${(worst.rss * 100).toFixed(1)} %, heap and buffers ± ${(worst.heap * 100).toFixed(1)} %`,
        met: Math.max(worst.rss, worst.heap) <= flat,
      },
    ],
  }
}
