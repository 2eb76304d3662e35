import { beforeAll, expect, test } from 'vitest'
import { run } from '../chaos/run.ts'
import { build } from './support/built.ts'

const rounds = 5

beforeAll(build, 120_000)

test(
  'processes die in the middle of everything, and nothing is lost or doubled',
  { timeout: 240_000 },
  async () => {
    const tally = await run({ rounds, seed: 1 })
    expect(tally.of('rounds')).toBe(rounds)
    expect(tally.of('orders')).toBeGreaterThan(rounds)
    expect(tally.under('killed api').length).toBeGreaterThan(0)
    expect(tally.under('killed voice').length).toBeGreaterThan(0)
  },
)
