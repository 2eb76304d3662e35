import { createHistogram } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { type StandInAgent, startAgent } from '../tests/support/agent.ts'
import { Caller } from '../tests/support/caller.ts'
import { bridgesOf } from './bridges.ts'
import { stayOff } from './cores.ts'
import type { Section } from './report.ts'
import { startShop } from './shop.ts'
import { note, type Percentiles, percentilesOf, shown } from './statistics.ts'

const calls = 40
/** How long the agent needs from its settings to the first sound of its greeting, in milliseconds. */
const thinking = 400
/** How long Twilio says its sentence before the stream starts, in milliseconds. */
const sentences = [0, 1_000]

/** How long a caller waits for the first sound of the greeting. */
export async function greeting(log: (line: string) => void): Promise<Section> {
  const giveBack = stayOff()
  const shop = await startShop()
  const agent = await startAgent()
  const bridge = bridgesOf(shop).find(({ name }) => name === 'mulaw')!
  const program = await bridge.start(agent.url)
  const found: Percentiles[] = []
  try {
    await measure(program.url, agent, 0)
    for (const sentence of sentences) {
      found.push(await measure(program.url, agent, sentence))
      log(`greeting: ${shown(found.at(-1)!)} ms after a sentence of ${sentence} ms`)
    }
  } finally {
    await program.stop()
    await agent.close()
    await shop.close()
    giveBack()
  }
  return {
    title: 'Greeting',
    how: `\`npm run bench -- greeting\`. From Twilio's \`start\` to the first sound of the greeting at the caller, ${calls} calls one after the other with \`mulaw\`. The agent is a stand-in that takes ${thinking} ms from its settings to its first sound, and is called when the phone rings; Twilio starts the stream once it has said its own sentence.`,
    tables: [
      [
        ["Twilio's sentence, ms", 'start to first sound, p50 / p95 / p99, ms'],
        ...sentences.map((sentence, index) => [String(sentence), shown(found[index]!)]),
      ],
    ],
    goals: [],
  }
}

async function measure(voiceUrl: string, agent: StandInAgent, sentence: number): Promise<Percentiles> {
  const took = createHistogram()
  for (let call = 0; call < calls; call += 1) {
    const caller = new Caller({ voiceUrl })
    const greets = agent.call().then(async line => {
      await line.settings()
      await delay(thinking)
      line.says('Hey!', Buffer.alloc(8_000, 0x55))
      return line
    })
    await caller.ring()
    await delay(sentence)
    await caller.open()
    const started = performance.now()
    caller.start()
    await caller.hears(1)
    note(took, performance.now() - started)
    caller.hangUp()
    await (
      await greets
    ).closed
  }
  return percentilesOf(took)
}
