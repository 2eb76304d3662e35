import { type ChildProcess, spawn } from 'node:child_process'
import { loadDotEnv } from '../env.ts'
import { buildIfNeeded } from './build.ts'
import { secretsFor } from './secrets.ts'

/** The same as start, with each part started again when its source changes and the screens reloading by themselves. */
loadDotEnv()
await buildIfNeeded()
const env: NodeJS.ProcessEnv = { ...process.env, ...secretsFor(process.env) }
const bin = (name: string) => `node_modules/.bin/${name}`
const run = (command: string, ...rest: string[]): ChildProcess =>
  spawn(command, rest, { env, stdio: 'inherit' })

const running = [
  run(bin('tsc'), '-p', 'api', '--watch', '--preserveWatchOutput'),
  run(process.execPath, '--watch', 'dist/api/main.js'),
  run(process.execPath, '--watch', 'voice/main.ts'),
  run(bin('vite'), 'clients/board', '--port', '5173'),
  run(bin('vite'), 'clients/barista', '--port', '5174'),
  run(bin('vite'), 'clients/explorer', '--port', '5175'),
]
process.stdout.write(
  `Board http://localhost:5173/board/ · console http://localhost:5174/barista/ · explorer http://localhost:5175/explorer/ · staff PIN ${env.STAFF_PIN}\n`,
)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => running.forEach(child => child.kill(signal)))
}
