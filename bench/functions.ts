import { createHistogram } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { Api } from '../voice/api.ts'
import { startCall } from '../voice/documents.ts'
import { type AgentFunction, readFunctions } from '../voice/functions/functions.ts'
import { runFunction } from '../voice/functions/run-function.ts'
import type { Section } from './report.ts'
import { type Shop, startShop, voiceKey } from './shop.ts'
import { note, type Percentiles, percentilesOf, shown } from './statistics.ts'

/** A caller who orders a drink, thinks better of it, and begins again: the cart never fills up. */
const turns: [string, object][] = [
  ['add_to_cart', { flavor: 'taro milk tea', toppings: ['boba'], sweetness: '50%', ice: 'less' }],
  ['confirm_pending_to_cart', {}],
  ['get_cart', {}],
  ['set_sweetness_ice', { ice: 'extra' }],
  ['remove_from_cart', { index: 0 }],
]

/** How long the agent asks for nothing after an answer, in milliseconds; real calls leave more. */
const pace = 2_000
const p95Wanted = 20
const compared = 100

interface Run {
  calls: number
  /** Whether each call waits `pace` after an answer, or asks again at once. */
  paced: boolean
  ms: number
}

const runs: Run[] = [
  { calls: 1, paced: false, ms: 3_000 },
  { calls: 20, paced: false, ms: 4_000 },
  { calls: 100, paced: false, ms: 6_000 },
  { calls: 20, paced: true, ms: 10_000 },
  { calls: 100, paced: true, ms: 12_000 },
]

interface Found extends Percentiles, Run {
  /** Functions that were run. */
  count: number
  /** CPU milliseconds of the api for one of them. */
  cpu: number
}

/** How long an agent function takes from the voice process to the disk and back. */
export async function functions(log: (line: string) => void): Promise<Section> {
  const shop = await startShop()
  const found: Found[] = []
  try {
    const known = readFunctions()
    await measure(shop, known, { calls: 20, paced: false, ms: 2_000 }, 'warm')
    for (const [index, run] of runs.entries()) {
      const result = await measure(shop, known, run, String(index))
      found.push(result)
      log(`functions, ${run.calls} calls${run.paced ? ', paced' : ''}: p95 ${result.p95} ms`)
    }
  } finally {
    await shop.close()
  }
  const row = found.find(({ calls, paced }) => paced && calls === compared)!
  return {
    title: 'Agent functions',
    how:
      `\`npm run bench -- functions\`. Each call runs ${turns.map(([name]) => `\`${name}\``).join(', ')} over and over, one at a time, by the documents and the code of voice, against the built api in a process of its own with SQLite in a file (\`synchronous = full\`: every one but \`get_cart\` waits for the disk). ` +
      `“At a caller's pace” a call asks again ${pace / 1_000} s after an answer, the calls at different moments; that is what the target is for. “Back to back” it asks again at once: there every call stands in the queue of all others, and the rate is what the api can do.`,
    tables: [
      [
        ['Calls', 'p50 / p95 / p99, ms', 'functions a second', 'CPU of the api for one, ms'],
        ...found.map(each => [
          `${each.calls}, ${each.paced ? "at a caller's pace" : 'back to back'}`,
          shown(each),
          ((each.count * 1_000) / each.ms).toFixed(0),
          each.cpu.toFixed(1),
        ]),
      ],
    ],
    goals: [
      {
        what: `agent function, round trip p95, ${compared} calls at a caller's pace`,
        reach: `≤ ${p95Wanted} ms`,
        measured: `${row.p95.toFixed(1)} ms`,
        met: row.p95 <= p95Wanted,
      },
    ],
  }
}

async function measure(
  shop: Shop,
  known: AgentFunction[],
  { calls, paced, ms }: Run,
  name: string,
): Promise<Found> {
  const api = new Api({ url: shop.url, key: voiceKey })
  const histogram = createHistogram()
  const callSids = Array.from({ length: calls }, (_, number) => `CA${name}x${number}`)
  for (const callSid of callSids) {
    await api.ask(startCall, { input: { callSid, from: '+15550004567', to: '+15550001111' } })
  }
  const signal = new AbortController().signal
  const before = await shop.measure()
  const end = performance.now() + ms
  const oneCall = async (callSid: string, number: number) => {
    if (paced) await delay((pace * number) / calls)
    for (let turn = 0; performance.now() < end; turn++) {
      const [asked, args] = turns[turn % turns.length]!
      const began = performance.now()
      const { content } = await runFunction(
        known,
        api,
        callSid,
        { id: `${callSid}.${turn}`, name: asked, arguments: JSON.stringify(args), client_side: true },
        { within: 30_000, signal },
      )
      note(histogram, performance.now() - began)
      if (!content.startsWith('{"ok":true')) throw new Error(`${asked} was refused: ${content}`)
      if (paced) await delay(pace)
    }
  }
  await Promise.all(callSids.map(oneCall))
  const { cpu } = await shop.measure()
  const { count } = histogram
  return { calls, paced, ms, count, cpu: ((cpu - before.cpu) * 1_000) / count, ...percentilesOf(histogram) }
}
