import { Broken } from './broken.ts'
import { Round } from './round.ts'
import { Shop } from './shop.ts'
import { Tally } from './tally.ts'

export interface RunOptions {
  rounds: number
  /** Of the first round; each has the next one. */
  seed: number
  /** A PostgreSQL server, `postgres://…`; SQLite in a file if omitted. */
  server?: string | undefined
  /** Leaves the folder with the database and the logs also when every round held. */
  keep?: boolean | undefined
  /** Told of each round that held. */
  onRound?: (seed: number, deaths: readonly string[], milliseconds: number) => void
}

/**
 * Plays rounds one after the other on one database, until one breaks a promise.
 * @throws Broken naming the seed of that round, and the folder with the database and the logs
 */
export async function run({
  rounds,
  seed: first,
  server,
  keep = false,
  onRound,
}: RunOptions): Promise<Tally> {
  const tally = new Tally()
  const shop = await Shop.open(server)
  let broken = true
  try {
    for (let seed = first; seed < first + rounds; seed += 1) {
      const started = performance.now()
      const round = new Round(shop, seed, tally)
      try {
        await Promise.race([round.play(), shop.failed])
      } catch (error) {
        const deaths = round.deaths.join(', ') || 'nobody'
        throw new Broken(
          `seed ${seed}, killed: ${deaths}: ${(error as Error).message}. Logs are in ${shop.folder}`,
          { cause: error },
        )
      }
      tally.add('rounds')
      onRound?.(seed, round.deaths, performance.now() - started)
    }
    broken = false
  } finally {
    tally.add('texts offered to Twilio', shop.twilio.attempts.send)
    tally.add('look-ups at Twilio', shop.twilio.attempts.list)
    const { orders, board } = shop.subscribers
    tally.add('connections of subscribers', orders.connections + board.connections)
    await shop.close(broken || keep)
  }
  return tally
}
