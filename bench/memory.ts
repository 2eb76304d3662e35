import { setTimeout as delay } from 'node:timers/promises'
import { type Bridge, bridgesOf } from './bridges.ts'
import { stayOff } from './cores.ts'
import { startDriver } from './driver.ts'
import type { Reading } from './probe.ts'
import type { Section } from './report.ts'
import { startShop } from './shop.ts'
import { median, spread } from './statistics.ts'

/** Calls that go on all the time, so that the space for short-lived objects has its full size. */
const lasting = 100
/** Calls that come and go: what is measured is the difference between with and without them. */
const count = 100
const rounds = 6
const talkMs = 4_000
/** KiB of memory for a live call. */
const wanted = 150

interface Growth {
  name: Bridge['name']
  /** KiB of each call, one figure for each time they came or went. */
  rss: number[]
  heap: number[]
}

/** What a live call takes of a process's memory. */
export async function memory(log: (line: string) => void): Promise<Section> {
  const giveBack = stayOff()
  const shop = await startShop()
  const found: Growth[] = []
  try {
    for (const bridge of bridgesOf(shop)) {
      const growth = await growthOf(bridge)
      found.push(growth)
      log(`${growth.name}: ${spread(growth.heap, 0)} KiB of heap for each call`)
    }
  } finally {
    await shop.close()
    giveBack()
  }
  return {
    title: 'Memory of a live call',
    how: `\`npm run bench -- memory\`. ${lasting} calls go on all the time, ${count} others come and go ${rounds} times; what the process holds with them and right after them, each time after ${talkMs / 1_000} s of talk and a collection of garbage, for each of them. Median of the ups and downs after the first, with the least and the most. The heap holds buffers outside of V8 too; the resident set is what the kernel counts, which is whole pages and what the allocator keeps. The larger median counts.`,
    tables: [
      [
        ['Bridge', 'resident set, KiB', 'heap and buffers, KiB'],
        ...found.map(({ name, rss, heap }) => [name, spread(rss, 0), spread(heap, 0)]),
      ],
    ],
    goals: found
      .filter(({ name }) => name !== 'relay')
      .map(({ name, rss, heap }) => {
        const most = Math.max(median(rss), median(heap))
        return {
          what: `memory per live call, \`${name}\``,
          reach: `≤ ${wanted} KiB`,
          measured: most > 0 ? `${most.toFixed(0)} KiB` : 'no figure: the process shrank meanwhile',
          met: most > 0 && most <= wanted,
        }
      }),
  }
}

async function growthOf(bridge: Bridge): Promise<Growth> {
  const driver = await startDriver(bridge.agentBytes)
  const program = await bridge.start(driver.agentUrl, true)
  try {
    const reading = async () => {
      await delay(talkMs)
      return program.measure()
    }
    await driver.call(program.url, lasting)
    const growth: Growth = { name: bridge.name, rss: [], heap: [] }
    const note = (with_: Reading, without: Reading) => {
      growth.rss.push((with_.rss - without.rss) / 1_024 / count)
      growth.heap.push((with_.heap - without.heap) / 1_024 / count)
    }
    let without: Reading | undefined
    for (let round = 0; round <= rounds; round += 1) {
      await driver.call(program.url, count)
      const with_ = await reading()
      if (without) note(with_, without)
      await driver.hangUp(count)
      const after = await reading()
      if (without) note(with_, after)
      without = after
    }
    await driver.hangUp()
    return growth
  } finally {
    await driver.close()
    await program.stop()
  }
}
