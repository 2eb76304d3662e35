/*
 * `npm run chaos -- --rounds N --seed S [--database postgres://…] [--keep]` kills the api and voice at random moments of
 * scripted calls, and looks after each round whether anything was lost or doubled. Ends with 1 at the first round in
 * which it was.
 */
import { parseArgs } from 'node:util'
import { buildIfNeeded } from '../scripts/build.ts'
import { Broken } from './broken.ts'
import { points } from './kills.ts'
import { run } from './run.ts'
import type { Tally } from './tally.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    database: { type: 'string' },
    keep: { type: 'boolean' },
  },
})

/** @throws Error for what is no whole number */
function wholeNumber(name: 'rounds' | 'seed'): number {
  const text = values[name]
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new Error(`--${name} ${text} is no whole number of at most six digits`)
}

/** What was counted, as Markdown. */
function summary(tally: Tally, seconds: number): string {
  const counts = [
    'rounds',
    'calls',
    'calls whose voice died',
    'rings while voice died',
    'functions asked for',
    'functions for which the api was away too long',
    'requests repeated',
    'orders placed by key, with repeats',
    'orders',
    'texts taken',
    'texts refused for good',
    'texts offered to Twilio',
    'look-ups at Twilio',
    'connections of subscribers',
  ].map(what => `| ${what} | ${tally.of(what)} |`)
  const kills = points.map(point => {
    const [api, voice] = ['api', 'voice'].map(name => tally.of(`killed ${name}: ${point}`))
    return `| ${point} | ${api} | ${voice} |`
  })
  return [
    '| what | times |',
    '| --- | ---: |',
    ...counts,
    `| seconds | ${seconds.toFixed(0)} |`,
    '',
    '| killed when | api | voice |',
    '| --- | ---: | ---: |',
    ...kills,
    '',
  ].join('\n')
}

try {
  await buildIfNeeded()
  const started = performance.now()
  const tally = await run({
    rounds: wholeNumber('rounds'),
    seed: wholeNumber('seed'),
    server: values.database,
    keep: values.keep,
    onRound: (seed, deaths, milliseconds) => {
      const killed = deaths.length > 0 ? deaths.join(', ') : 'nobody'
      process.stdout.write(`seed ${seed}: holds, ${(milliseconds / 1_000).toFixed(1)} s, killed: ${killed}\n`)
    },
  })
  process.stdout.write(`\n${summary(tally, (performance.now() - started) / 1_000)}`)
} catch (error) {
  if (!(error instanceof Broken)) throw error
  process.stderr.write(`Broken. ${error.message}\n`)
  process.exit(1)
}
