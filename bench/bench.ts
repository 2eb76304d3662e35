/*
 * `npm run bench` measures all parts, `npm run bench -- calls memory` some. Standard output is docs/benchmarks.md:
 * `npm run -s bench > docs/benchmarks.md`. It runs on loopback only, takes about fifty minutes, thirty of them the soak,
 * and is worth something only on a machine that does nothing else.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { buildIfNeeded } from '../scripts/build.ts'
import { board } from './board.ts'
import { boards } from './boards.ts'
import { calls } from './calls.ts'
import { functions } from './functions.ts'
import { fuzz } from './fuzz.ts'
import { greeting } from './greeting.ts'
import { machine } from './machine.ts'
import { memory } from './memory.ts'
import { orders } from './orders.ts'
import { root } from './program.ts'
import { queries } from './queries.ts'
import { ratios } from './ratios.ts'
import { documentOf, type Section } from './report.ts'
import { screens } from './screens.ts'
import { soak } from './soak.ts'
import { start } from './start.ts'
import { subscribersOf as subscribers } from './subscribers.ts'

async function audio(): Promise<Section> {
  const { stdout } = await promisify(execFile)(process.execPath, ['bench/audio.ts'], { cwd: root })
  return {
    title: 'Audio',
    how: '`npm run bench -- audio`. What the conversions of one call cost, in one process. A call makes 50 frames a second each way.',
    tables: [],
    output: stdout,
    goals: [],
  }
}

const parts: Record<string, (log: (line: string) => void) => Promise<Section>> = {
  audio,
  functions,
  orders,
  board,
  boards,
  calls,
  queries,
  subscribers,
  ratios,
  memory,
  greeting,
  fuzz,
  start,
  screens,
  soak,
}

const asked = process.argv.slice(2)
const unknown = asked.find(name => !(name in parts))
if (unknown !== undefined) {
  process.stderr.write(`There is no part "${unknown}". There are: ${Object.keys(parts).join(', ')}.\n`)
  process.exit(1)
}

const introduction = `${machine()}

All of this is the output of \`npm run -s bench > docs/benchmarks.md\`, measured side by side in one run.`

const log = (line: string) => void process.stderr.write(`${line}\n`)

await buildIfNeeded()
const sections: Section[] = []
const failed: string[] = []
for (const name of asked.length > 0 ? asked : Object.keys(parts)) {
  try {
    sections.push(await parts[name]!(log))
  } catch (error) {
    log(`${name} could not be measured: ${(error as Error).message}`)
    failed.push(name)
    process.exitCode = 1
  }
}
process.stdout.write(await documentOf(introduction, sections, failed))
