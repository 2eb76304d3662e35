import { setTimeout as delay } from 'node:timers/promises'
import { type Bridge, bridgesOf } from './bridges.ts'
import { stayOff } from './cores.ts'
import { type Driver, startDriver } from './driver.ts'
import type { Program } from './program.ts'
import type { Goal, Section } from './report.ts'
import { startShop } from './shop.ts'
import { median, spread } from './statistics.ts'

/** At this many calls every bridge has room left on its core, so that none waits for itself. */
const loads = [20, 100, 200]
/** The machine is faster at one minute than at the next: bridges take turns, and only neighbours are compared. */
const rounds = 7
const settleMs = 2_000
const windowMs = 3_000

interface Found {
  /** CPU milliseconds for one second of one call. */
  cpu: number
  /** Median delays, in milliseconds. */
  up: number
  down: number
}

interface Turn {
  calls: number
  found: Record<Bridge['name'], Found>
}

interface Taken {
  name: Bridge['name']
  driver: Driver
  program: Program
}

/** What the bridges cost against the relay, measured by turns. */
export async function ratios(log: (line: string) => void): Promise<Section> {
  const giveBack = stayOff()
  const shop = await startShop()
  const taken: Taken[] = []
  const turns: Turn[] = []
  try {
    for (const bridge of bridgesOf(shop)) {
      const driver = await startDriver(bridge.agentBytes)
      taken.push({ name: bridge.name, driver, program: await bridge.start(driver.agentUrl) })
    }
    // Code that runs for the first time is not yet the code that runs for a shop.
    for (const each of taken) await measure(each, Math.max(...loads))
    for (let round = 1; round <= rounds; round += 1) {
      for (const calls of loads) {
        const found: Partial<Turn['found']> = {}
        for (const each of round % 2 ? taken : taken.toReversed()) {
          found[each.name] = await measure(each, calls)
        }
        turns.push({ calls, found: found as Turn['found'] })
      }
      log(`ratios: round ${round} of ${rounds}`)
    }
  } finally {
    for (const { driver, program } of taken) {
      await driver.close()
      await program.stop()
    }
    await shop.close()
    giveBack()
  }
  return {
    title: 'Bridges against the relay',
    how: `\`npm run bench -- ratios\`. The three bridges take turns on the same core, ${rounds} rounds with the order turned round each time, and each figure of a bridge is divided by that of the relay in the same round: what the machine does meanwhile is in both. Median of the rounds, with the least and the most. The driver writes what is due every millisecond at once, so that at 200 calls 20 frames come together and the median waits for half of them: there the delay follows the CPU.`,
    tables: [
      [
        [
          'Bridge, calls',
          'CPU ms per call and second',
          'CPU against the relay',
          'median delay up, ms',
          'against the relay',
          'median delay down, ms',
          'against the relay',
        ],
        ...taken.flatMap(({ name }) => loads.map(calls => rowOf(turns, name, calls))),
      ],
    ],
    goals: goalsOf(turns),
  }
}

async function measure({ driver, program }: Taken, calls: number): Promise<Found> {
  await driver.call(program.url, calls)
  await delay(settleMs)
  const before = await program.measure()
  const began = performance.now()
  const { up, down } = await driver.measure(windowMs)
  const after = await program.measure()
  const seconds = (performance.now() - began) / 1_000
  await driver.hangUp()
  return { cpu: ((after.cpu - before.cpu) * 1_000) / seconds / calls, up: up.p50, down: down.p50 }
}

const valuesOf = (turns: Turn[], calls: number, pick: (found: Turn['found']) => number) =>
  turns.filter(turn => turn.calls === calls).map(({ found }) => pick(found))

function rowOf(turns: Turn[], name: Bridge['name'], calls: number): string[] {
  const columns = (['cpu', 'up', 'down'] as const).flatMap(what => [
    spread(
      valuesOf(turns, calls, found => found[name][what]),
      2,
    ),
    name === 'relay'
      ? '1'
      : spread(
          valuesOf(turns, calls, found => found[name][what] / found.relay[what]),
          2,
        ),
  ])
  return [`${name}, ${calls}`, ...columns]
}

const wantedCpu = { mulaw: 1.3, linear16: 2 }
const wantedDelay = 1.5

function goalsOf(turns: Turn[]): Goal[] {
  const most = Math.max(...loads)
  return (['mulaw', 'linear16'] as const).flatMap(name => {
    const ratio = (what: keyof Found, calls: number) =>
      median(valuesOf(turns, calls, found => found[name][what] / found.relay[what]))
    const cpu = ratio('cpu', most)
    const delays = loads.map(calls => [ratio('up', calls), ratio('down', calls)] as const)
    return [
      {
        what: `CPU against the relay, ${most} calls, \`${name}\``,
        reach: `≤ ${wantedCpu[name]} ×`,
        measured: `${cpu.toFixed(2)} ×`,
        met: cpu <= wantedCpu[name],
      },
      {
        what: `median added delay against the relay, ${loads.join(' / ')} calls, \`${name}\``,
        reach: `≤ ${wantedDelay} ×`,
        measured: `up ${delays.map(([up]) => up.toFixed(2)).join(' / ')} ×, down ${delays.map(([, down]) => down.toFixed(2)).join(' / ')} ×`,
        met: Math.max(...delays.flat()) <= wantedDelay,
      },
    ]
  })
}
