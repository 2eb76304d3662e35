import { setTimeout as delay } from 'node:timers/promises'
import { type Bridge, bridgesOf } from './bridges.ts'
import { stayOff } from './cores.ts'
import { startDriver } from './driver.ts'
import type { Section } from './report.ts'
import { startShop } from './shop.ts'

/** Calls before the first reading, so that the space for short-lived objects has grown to its full size. */
const warm = 150
const count = 100
const talkMs = 8_000
/** KiB of memory for a live call. */
const wanted = 150

interface Growth {
  name: Bridge['name']
  /** KiB of each call more. */
  rss: number
  heap: number
}

/** What a live call takes of a process's memory. */
export async function memory(log: (line: string) => void): Promise<Section> {
  const spread = stayOff()
  const shop = await startShop()
  const found: Growth[] = []
  try {
    for (const bridge of bridgesOf(shop)) {
      const growth = await growthOf(bridge)
      found.push(growth)
      log(`${growth.name}: ${growth.rss.toFixed(0)} KiB of memory for each call`)
    }
  } finally {
    await shop.close()
    spread()
  }
  return {
    title: 'Memory of a live call',
    how: `\`npm run bench -- memory\`. What ${count} calls more add to ${warm} calls that go on already, after ${talkMs / 1_000} s of talk and a collection of garbage, for each call. The heap holds buffers outside of V8 too; the resident set adds what the allocator keeps, and room for objects of a few milliseconds, which grows with the sound that passes until it is full. The larger of the two counts.`,
    tables: [
      [
        ['Bridge', 'resident set, KiB', 'heap and buffers, KiB'],
        ...found.map(({ name, rss, heap }) => [name, rss.toFixed(0), heap.toFixed(0)]),
      ],
    ],
    goals: found
      .filter(({ name }) => name !== 'relay')
      .map(({ name, rss, heap }) => {
        const most = Math.max(rss, heap)
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
    const talking = async (more: number) => {
      await driver.call(program.url, more)
      await delay(talkMs)
      return program.measure()
    }
    const before = await talking(warm)
    const after = await talking(count)
    await driver.hangUp()
    return {
      name: bridge.name,
      rss: (after.rss - before.rss) / 1_024 / count,
      heap: (after.heap - before.heap) / 1_024 / count,
    }
  } finally {
    await driver.close()
    await program.stop()
  }
}
