import { cpus, loadavg, release, totalmem } from 'node:os'

/** What the figures were measured on, as a sentence. */
export function machine(): string {
  const cores = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return (
    `Measured on ${new Date().toISOString().slice(0, 10)} with Node ${process.versions.node} on ` +
    `${cores.length} cores of ${cores[0]?.model ?? 'an unknown processor'}, ${memory} GiB of memory, ` +
    `${process.platform} ${release()}. Load average when it began, from everything else on the machine: ` +
    `${loadavg()[0]!.toFixed(2)}.`
  )
}
