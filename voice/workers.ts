import cluster from 'node:cluster'
import { StartError } from '../env.ts'
import { AggregatorRegistry, type Registry } from 'prom-client'

/** How long a worker that died is waited for before another one takes its place, in milliseconds. */
const restartAfter = 500

interface Asked {
  ask: 'metrics'
  id: number
}

interface Taken {
  /** CallSid of a call whose stream has come. */
  taken: string
}

/** The other copies of a program that share its port: a call's webhook and its stream may come to different ones. */
export interface OtherWorkers {
  /** The stream of a call has come to this one. */
  tellTaken(callSid: string): void
  /** Calls back when one has come to another. → stops calling */
  onTaken(listener: (callSid: string) => void): () => void
}

/**
 * Runs so many copies of this program, which share the port: each call lives in one of them.
 * @throws Error when one of them could not start; it has said why
 * @returns where they listen, and how to stop them
 */
export async function startWorkers(count: number): Promise<{ url: string; close: () => Promise<void> }> {
  const numbers = new AggregatorRegistry()
  let closing = false
  const fork = () => {
    const worker = cluster.fork()
    worker.on('message', ({ ask, id, taken }: Partial<Asked & Taken>) => {
      if (taken) {
        for (const other of Object.values(cluster.workers ?? {})) {
          if (other !== worker) other?.send({ taken } satisfies Taken)
        }
      }
      if (ask !== 'metrics') return
      const answer = (text: string) => worker.send({ id, text })
      numbers.clusterMetrics().then(answer, () => answer(''))
    })
    return worker
  }
  const ready = (worker: ReturnType<typeof fork>) =>
    new Promise<string>((resolve, reject) => {
      worker.on('message', (message: { ready?: string }) => {
        if (message.ready) resolve(message.ready)
      })
      worker.once('exit', () =>
        reject(new StartError('Voice did not start: one of its workers has just said why.')),
      )
    })
  const urls = await Promise.all(Array.from({ length: count }, () => ready(fork())))
  cluster.on('exit', () => {
    if (!closing) setTimeout(() => closing || fork(), restartAfter)
  })
  return {
    url: urls[0]!,
    close: async () => {
      closing = true
      const workers = Object.values(cluster.workers ?? {}).filter(worker => worker !== undefined)
      await Promise.all(
        workers.map(worker => {
          const ended = new Promise(resolve => worker.once('exit', resolve))
          worker.process.kill('SIGTERM')
          return ended
        }),
      )
    },
  }
}

/** Lets the process that has started this worker ask for its numbers. */
export function shareNumbers(registry: Registry): void {
  AggregatorRegistry.setRegistries(registry)
  // Only an instance listens for the question.
  new AggregatorRegistry()
}

/** The other workers, by way of the process that has started this one. */
export function otherWorkers(): OtherWorkers {
  return {
    tellTaken: taken => void process.send?.({ taken } satisfies Taken),
    onTaken: listener => {
      const receive = ({ taken }: Partial<Taken>) => void (taken && listener(taken))
      process.on('message', receive)
      return () => process.off('message', receive)
    },
  }
}

/** The numbers of all workers, asked of the process that has started this one. */
export function numbersOfAllWorkers(): Promise<string> {
  const id = Math.random()
  const { promise, resolve } = Promise.withResolvers<string>()
  const receive = (answer: { id?: number; text?: string }) => {
    if (answer.id !== id) return
    process.off('message', receive)
    resolve(answer.text ?? '')
  }
  process.on('message', receive)
  process.send?.({ ask: 'metrics', id } satisfies Asked)
  return promise
}
