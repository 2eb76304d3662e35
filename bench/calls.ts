import { cpus } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { type Bridge, bridgesOf } from './bridges.ts'
import { canPin, stayOff } from './cores.ts'
import { type Driver, Overloaded, type Passage, startDriver } from './driver.ts'
import type { Program } from './program.ts'
import type { Goal, Section } from './report.ts'
import { startShop } from './shop.ts'
import { median, type Percentiles, shown } from './statistics.ts'

/** Calls at a time: until the delay is too long, or one of the two cores is used up. */
const steps = [100, ...Array.from({ length: 17 }, (_, index) => 200 + 50 * index)]
const windows = 3
const windowMs = 1_500
const settleMs = 1_000
/** How often a step that something else has disturbed is measured. */
const attempts = 3
/** Most added delay, p95, in milliseconds. */
const bearable = 20
/** A core that is used this far has nothing left to give. */
const full = 0.95
/** So much of a core is reckoned with where the driver could not bring more calls. */
const usable = 0.9

interface Window extends Passage {
  loop: number
  /** CPU milliseconds for one second of one call. */
  cpu: number
  /** Part of a core that the bridge used. */
  core: number
  rest: number
}

interface Step {
  calls: number
  up: Percentiles
  down: Percentiles
  loop: number
  cpu: number
  cpus: number[]
  core: number
  driver: number
  /** Parts of all cores that neither bridge nor driver used: the kernel, the api, and whatever else runs. */
  rest: number
  extra: number
}

interface Climb {
  name: Bridge['name']
  steps: Step[]
  /** Most calls with a bearable delay. */
  carried: number
  /** What the last step ended with. */
  limit: 'the bridge' | 'the driver' | 'the bench'
}

/** How many calls one voice process carries on one core, beside a relay that does nothing. */
export async function calls(log: (line: string) => void): Promise<Section> {
  const spread = stayOff()
  const shop = await startShop()
  const climbs: Climb[] = []
  try {
    for (const bridge of bridgesOf(shop)) climbs.push(await climb(bridge, log))
  } finally {
    await shop.close()
    spread()
  }
  return {
    title: 'Calls on one core',
    how:
      `\`npm run bench -- calls\`. Callers and agent speak all the time, 20 ms frames both ways, in real time and spread evenly; the bridge has ${canPin ? 'core 0 to itself, the driver and the api have core 1' : 'no core to itself (taskset is missing, or there is only one core): the figures are too bad'}. ` +
      `The relay (\`bench/relay.ts\`) only parses JSON and wraps base64 anew, always with μ-law. Delay is from a write on one socket of the driver to the read on the other, so it holds the driver's own waiting too. “Else” is what all cores did besides, in parts of one core: much of it, and the step was disturbed; a step with too long a delay and both cores unused is measured up to ${attempts} times. ` +
      `Medians of ${windows} stretches of ${windowMs / 1_000} s, CPU with the least and the most. A bridge is stepped up until the p95 delay of one direction reaches ${bearable} ms, or a core is used up; where it is the driver's, the calls that fit into ${usable * 100} % of the bridge's core are extrapolated from its CPU at the last step.`,
    tables: climbs.map(tableOf),
    goals: goalsOf(climbs),
  }
}

async function climb(bridge: Bridge, log: (line: string) => void): Promise<Climb> {
  const driver = await startDriver(bridge.agentBytes)
  const program = await bridge.start(driver.agentUrl)
  const found: Climb = { name: bridge.name, steps: [], carried: 0, limit: 'the bench' }
  try {
    let going = 0
    for (const count of steps) {
      await driver.call(program.url, count - going)
      going = count
      await delay(settleMs)
      const step = await measureUndisturbed(driver, program, count)
      found.steps.push(step)
      log(`${bridge.name}: ${count} calls, p95 up ${step.up.p95} ms, down ${step.down.p95} ms`)
      if (isBorne(step)) found.carried = count
      if (step.core < full && step.driver >= full) found.limit = 'the driver'
      else if (step.core >= full || !isBorne(step)) found.limit = 'the bridge'
      if (found.limit !== 'the bench') break
    }
    await driver.hangUp()
  } catch (error) {
    if (!(error instanceof Overloaded)) throw error
    found.limit = 'the bridge'
  } finally {
    await driver.close()
    await program.stop()
  }
  return found
}

const isBorne = ({ up, down }: Step) => Math.max(up.p95, down.p95) < bearable

/** Too long a delay while both cores have room left is somebody else's work: it is measured again. */
async function measureUndisturbed(driver: Driver, program: Program, count: number): Promise<Step> {
  for (let attempt = 1; ; attempt++) {
    const step = await measure(driver, program, count)
    if (isBorne(step) || step.core >= full || step.driver >= full || attempt === attempts) return step
    await delay(settleMs)
  }
}

async function measure(driver: Driver, program: Program, count: number): Promise<Step> {
  const seen: Window[] = []
  for (let window = 0; window < windows; window++) {
    const before = await program.measure()
    const began = performance.now()
    const busyBefore = busyMs()
    const passage = await driver.measure(windowMs)
    const after = await program.measure()
    const took = performance.now() - began
    const core = ((after.cpu - before.cpu) * 1_000) / took
    const rest = Math.max(0, (busyMs() - busyBefore) / took - core - passage.driver)
    seen.push({ ...passage, loop: after.loop, core, rest, cpu: (core * 1_000) / count })
  }
  const middle = (pick: (window: Window) => number) => median(seen.map(pick))
  const percentiles = (way: 'up' | 'down'): Percentiles => ({
    p50: middle(window => window[way].p50),
    p95: middle(window => window[way].p95),
    p99: middle(window => window[way].p99),
  })
  return {
    calls: count,
    up: percentiles('up'),
    down: percentiles('down'),
    loop: middle(({ loop }) => loop),
    cpu: middle(({ cpu }) => cpu),
    cpus: seen.map(({ cpu }) => cpu),
    core: middle(({ core }) => core),
    driver: middle(window => window.driver),
    rest: middle(({ rest }) => rest),
    extra: seen.reduce((sum, { extra }) => sum + extra, 0),
  }
}

/** How long all cores have been busy, in milliseconds. */
const busyMs = () =>
  cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)

const percent = (part: number) => `${Math.round(part * 100)} %`

function tableOf({ name, steps }: Climb): string[][] {
  return [
    [
      `${name}: calls`,
      'up p50 / p95 / p99, ms',
      'down p50 / p95 / p99, ms',
      'event loop p99, ms',
      'CPU ms per call and second',
      'core',
      "driver's core",
      'else',
      'frames made up',
    ],
    ...steps.map(step => [
      String(step.calls),
      shown(step.up),
      shown(step.down),
      step.loop.toFixed(1),
      `${step.cpu.toFixed(2)} (${Math.min(...step.cpus).toFixed(2)}–${Math.max(...step.cpus).toFixed(2)})`,
      percent(step.core),
      percent(step.driver),
      percent(step.rest),
      String(step.extra),
    ]),
  ]
}

const wanted = { mulaw: 500, linear16: 300 }

function goalsOf(climbs: Climb[]): Goal[] {
  const bare = climbs.find(({ name }) => name === 'relay')
  return climbs.flatMap(({ name, steps, carried, limit }) => {
    if (name === 'relay') return []
    const reach = wanted[name]
    const fits = Math.floor((usable * 1_000) / steps.at(-1)!.cpu)
    const extrapolated = limit === 'the driver' && fits > carried
    return {
      what: `calls on one core, p95 added delay < ${bearable} ms, \`${name}\``,
      reach: `≥ ${reach}`,
      measured: `${carried}${extrapolated ? ` (then the driver is the limit; by CPU about ${fits})` : ''}${limit === 'the bench' ? ' and more' : ''}${bare ? `; the relay ${bare.carried}` : ''}`,
      met: carried >= reach || (extrapolated && fits >= reach),
    }
  })
}
