import { spawn } from 'node:child_process'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const stamp = join(root, 'dist/built')
const sources = ['api', 'clients', 'env.ts', 'package-lock.json', 'simulation.ts', 'tsconfig.json']

const binary = (name: string, file: string) =>
  join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), file)

/**
 * Compiles the api, whose decorators no runtime reads as they stand, and bundles the screens and the explorer; everything else runs
 * from its source.
 * @throws Error naming the step that failed
 */
export async function build(): Promise<void> {
  const vite = binary('vite', 'bin/vite.js')
  const screen = (name: string) => run([vite, 'build', '--logLevel', 'warn', `clients/${name}`])
  await Promise.all([
    run([binary('typescript', 'bin/tsc'), '-p', 'api']),
    screen('board').then(() => screen('barista')),
    screen('explorer'),
  ])
  writeFileSync(stamp, '')
}

/** Builds only when a source is newer than what was built of it. */
export async function buildIfNeeded(): Promise<void> {
  const built = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (sources.some(source => newest(join(root, source)) > built)) await build()
}

function newest(path: string): number {
  const stats = statSync(path)
  if (!stats.isDirectory()) return stats.mtimeMs
  return Math.max(...readdirSync(path).map(name => newest(join(path, name))))
}

function run(command: string[]): Promise<void> {
  const child = spawn(process.execPath, command, { cwd: root, stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => {
      if (code === 0) resolve()
      else reject(new Error(`${command.slice(1).join(' ')} failed`))
    })
  })
}

if (import.meta.main) {
  try {
    await (process.argv.includes('--if-needed') ? buildIfNeeded() : build())
  } catch (error) {
    process.stderr.write(`The build failed: ${(error as Error).message}.\n`)
    process.exit(1)
  }
}
