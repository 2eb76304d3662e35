import { type ChildProcess, execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { glob, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { bundle, programsBuilt } from '../../scripts/build.ts'

/**
 * Compiles and bundles the programs of the api, as `npm start` does, unless they are newer than the sources. Type errors
 * are the business of another check: the compiler writes its files all the same.
 */
export async function build(): Promise<void> {
  if (!(await isStale())) return
  await promisify(execFile)(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'api']).catch(
    (error: { code?: unknown }) => {
      if (typeof error.code !== 'number') throw error
    },
  )
  await bundle()
}

async function isStale(): Promise<boolean> {
  const built = await stat(programsBuilt).catch(() => undefined)
  if (!built) return true
  for await (const source of glob([
    'env.ts',
    'simulation.ts',
    'upgrade.ts',
    'scripts/build.ts',
    'package-lock.json',
    'api/**/*.ts',
  ])) {
    if (built.mtimeMs < (await stat(source)).mtimeMs) return true
  }
  return false
}

/**
 * Only what a process is given: nothing of the machine's own settings may decide a test. Compiled code is kept, because a
 * hundred processes run the same.
 */
export const clean = (variables: Record<string, string>) => ({
  PATH: process.env.PATH,
  NODE_COMPILE_CACHE: join(tmpdir(), 'bobarista-tests'),
  ...variables,
})

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface Running {
  child: ChildProcess
  /** What it says it is ready with; rejects when it ends before. */
  ready: Promise<{ ready: string }>
  ended: Promise<Ended>
}

/** Starts a program of the api, e.g. "owner", as the child of a parent that waits for its message. */
export function run(
  program: string,
  variables: Record<string, string>,
  args: string[] = [],
  cwd = '.',
): Running {
  const child = fork(resolve('dist/programs', `${program}.js`), args, {
    cwd,
    env: clean(variables),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
  })
  const output = Promise.all([text(child.stdout!), text(child.stderr!)])
  const ended = once(child, 'exit').then(async ([code, signal]) => {
    const [stdout, stderr] = await output
    return { code, signal, stdout, stderr } as Ended
  })
  const ready = Promise.race([
    once(child, 'message').then(([message]) => message as { ready: string }),
    ended.then(({ stderr }) => Promise.reject(new Error(`it ended before it was ready: ${stderr}`))),
  ])
  ready.catch(() => undefined)
  return { child, ready, ended }
}
