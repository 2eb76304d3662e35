import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onCore } from './cores.ts'
import type { Reading } from './probe.ts'

export const root = fileURLToPath(new URL('..', import.meta.url))
const probe = new URL('probe.ts', import.meta.url).href

/** So long a program may take to finish what it is doing, in milliseconds. */
const patience = 3_000

/** What nobody's `.env` may change about a measurement: empty counts as not set. */
const unset = [
  'NODE_ENV',
  'DEEPGRAM_API_KEY',
  'DEEPGRAM_URL',
  'TWILIO_ACCOUNT_SID',
  'TWILIO_AUTH_TOKEN',
  'TWILIO_FROM_NUMBER',
  'TRANSFER_NUMBER',
  'PUBLIC_URL',
  'API_URL',
]

/** A program that is measured. */
export interface Program {
  url: string
  measure(): Promise<Reading>
  stop(): Promise<void>
}

export interface ProgramOptions {
  env?: Record<string, string>
  /** Any if omitted. */
  core?: number
  /** Collects garbage before memory is read. */
  gc?: boolean
  /** Descriptor of the file that takes what it writes; that of standard error if omitted. */
  log?: number
}

/** The environment of a program: quiet, on loopback, with nothing of ours but what is given. */
export function environment(env: Record<string, string> = {}): Record<string, string | undefined> {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    ...Object.fromEntries(unset.map(name => [name, ''])),
    HOST: '127.0.0.1',
    LOG_LEVEL: 'error',
    API_PORT: '0',
    VOICE_PORT: '0',
    ...env,
  }
}

/**
 * Starts a program that says `{ ready: url }` to its parent.
 * @throws Error when it ends before that
 */
export async function startProgram(
  script: string,
  { env, core, gc = false, log = 2 }: ProgramOptions,
): Promise<Program> {
  const flags = ['--import', probe, ...(gc ? ['--expose-gc'] : [])]
  const line = [process.execPath, ...flags, script]
  const [command, ...args] = core === undefined ? line : onCore(core, line)
  const child = spawn(command!, args, {
    cwd: root,
    env: environment(env),
    // Standard output is for the results.
    stdio: ['ignore', log, log, 'ipc'],
  })
  const exited = once(child, 'exit')
  const answer = async <Field extends string, Value>(field: Field): Promise<Value> => {
    for (;;) {
      const message = await Promise.race([once(child, 'message'), exited.then(() => undefined)])
      if (!message) throw new Error(`${script} ended; what it wrote above says why.`)
      const [said] = message as [Record<Field, Value>]
      if (field in said) return said[field]
    }
  }
  return {
    url: await answer('ready'),
    measure: () => {
      child.send('measure')
      return answer('reading')
    },
    stop: async () => {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), patience)
      await exited
      clearTimeout(late)
    },
  }
}
