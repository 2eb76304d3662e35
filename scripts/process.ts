import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A process that could not start has said why itself. */
export class DidNotStart extends Error {}

export interface Started {
  url: string
  /** Settles when it has ended. */
  ended: Promise<void>
  /** Lets it finish what it is doing, and waits for it. */
  stop(): Promise<void>
  /** Ends it at once. */
  kill(): void
}

/**
 * Starts one of our programs and waits until it says that it is ready.
 * @throws DidNotStart when it ends before that
 */
export async function startProcess(script: string, env: NodeJS.ProcessEnv): Promise<Started> {
  const child = spawn(process.execPath, [script], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // Ctrl-C goes to the whole group of a terminal; ours are stopped in order instead.
    detached: true,
  })
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  return {
    url: await ready(child),
    ended,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

function ready(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('message', message => resolve((message as { ready: string }).ready))
    child.once('error', reject)
    child.once('exit', () => reject(new DidNotStart()))
  })
}
