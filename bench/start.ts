import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { environment, root } from './program.ts'
import type { Section } from './report.ts'
import { temporaryFolder } from './shop.ts'
import { median, spread } from './statistics.ts'

const rounds = 5
/** Seconds to the first call. */
const wanted = 3

/** How long a shop waits after `npm start` until a call is answered. */
export async function start(log: (line: string) => void): Promise<Section> {
  const seconds: number[] = []
  for (let round = 0; round < rounds; round++) {
    const { folder, remove } = temporaryFolder()
    try {
      seconds.push(await startOnce(folder))
    } finally {
      remove()
    }
    log(`start: ${seconds.at(-1)!.toFixed(2)} s`)
  }
  return {
    title: 'Start',
    how: `\`npm run bench -- start\`. From \`node scripts/start.ts\` in a built tree, with no database yet, to the answer to the first \`POST /voice\`; the practice agent is the other end. Median of ${rounds}, with the least and the most.`,
    tables: [
      [
        ['', 'seconds'],
        ['to the first call answered', spread(seconds, 2)],
      ],
    ],
    goals: [
      {
        what: '`npm start` from a built tree to the first call answered',
        reach: `≤ ${wanted} s`,
        measured: `${median(seconds).toFixed(2)} s`,
        met: median(seconds) <= wanted,
      },
    ],
  }
}

async function startOnce(folder: string): Promise<number> {
  const began = performance.now()
  const child = spawn(process.execPath, ['scripts/start.ts'], {
    cwd: root,
    env: environment({ DATABASE_URL: `sqlite:${join(folder, 'bobarista.db')}`, DRAIN_SECONDS: '0' }),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  try {
    let output = ''
    for await (const chunk of child.stdout) {
      output += String(chunk)
      const [, url] = /Phone calls\s+(\S+)\n/.exec(output) ?? []
      if (!url) continue
      const response = await fetch(url, { method: 'POST', body: new URLSearchParams({ CallSid: 'CAbench' }) })
      const twiml = await response.text()
      if (!twiml.includes('<Connect')) throw new Error(`The call was not taken: ${twiml}`)
      return (performance.now() - began) / 1_000
    }
    throw new Error('npm start ended; what it wrote above says why.')
  } finally {
    child.kill('SIGTERM')
    await exited
  }
}
