import { loadDotEnv, StartError } from '../env.ts'
import { buildIfNeeded } from './build.ts'
import { DidNotStart, type Started, startProcess } from './process.ts'
import { secretsFor } from './secrets.ts'
import { welcome } from './welcome.ts'

const restartAfter = 1_000
/** A stop that takes longer than this is explained, in milliseconds. */
const patience = 1_000

const stillStopping =
  'Still stopping: live calls come to their end first. Press Ctrl-C again to cut them off; no order is lost.\n'

/** Everything a shop needs, in one command: the api with both screens, then voice with the practice agent. */
async function start(): Promise<{ stop: () => Promise<void>; kill: () => void }> {
  loadDotEnv()
  await buildIfNeeded()
  const env = { ...process.env, ...secretsFor(process.env) }
  const running: Started[] = []
  let stopping: Promise<void> | undefined
  // The last one started is stopped first, so that live calls can still end in the api.
  const stop = () =>
    (stopping ??= (async () => {
      for (const each of running.toReversed()) await each.stop()
    })())

  async function keep(script: string, more: NodeJS.ProcessEnv): Promise<string> {
    const started = await startProcess(script, { ...env, ...more })
    const place = running.push(started) - 1
    void started.ended.then(() => restart(script, more, place))
    return started.url
  }

  async function restart(script: string, more: NodeJS.ProcessEnv, place: number): Promise<void> {
    if (stopping) return
    process.stderr.write(`${script} ended unexpectedly; it is started again. No order is lost.\n`)
    await new Promise(resolve => setTimeout(resolve, restartAfter))
    if (stopping) return
    try {
      const started = await startProcess(script, { ...env, ...more })
      running[place] = started
      // What comes up while everything stops was not there to be stopped.
      if (stopping) return await started.stop()
      void started.ended.then(() => restart(script, more, place))
    } catch (error) {
      if (!(error instanceof DidNotStart)) throw error
      await stop()
      process.exit(1)
    }
  }

  try {
    const api = await keep('dist/programs/api.js', {})
    const voice = await keep('voice/main.ts', { API_URL: env.API_URL || api })
    process.stdout.write(welcome({ api, voice, env }))
  } catch (error) {
    await stop()
    throw error
  }
  return { stop, kill: () => running.forEach(each => each.kill()) }
}

// A terminal that is gone reads nothing any more; that is no reason to cut live calls off.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

try {
  let interrupted = 0
  let interrupt = () => {
    // A start that hangs is left by a second Ctrl-C; what has started by then ends by itself.
    if (interrupted && performance.now() - interrupted > patience) process.exit(130)
    interrupted ||= performance.now()
  }
  // One listener for good: a signal that is on its way while another takes its place is heard by neither.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => interrupt())
  const { stop, kill } = await start()
  let ending = false
  let explained = false
  interrupt = () => {
    if (explained) {
      kill()
      process.exit(130)
    }
    // One Ctrl-C comes twice: from the terminal, and from npm, which passes it on.
    if (ending) return
    ending = true
    setTimeout(() => {
      explained = true
      process.stdout.write(stillStopping)
    }, patience)
    void stop().then(() => process.exit(0))
  }
  if (interrupted) interrupt()
} catch (error) {
  if (error instanceof StartError) process.stderr.write(`${error.message}\n`)
  else if (!(error instanceof DidNotStart))
    process.stderr.write(`It did not start: ${(error as Error).message}\n`)
  process.exit(1)
}
