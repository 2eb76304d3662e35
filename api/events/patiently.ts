import { setTimeout as wait } from 'node:timers/promises'
import { troubleOf } from '../database-errors.ts'

/** Milliseconds between two tries. */
const pause = 1_000

/** Reads as soon as the database is there: a stream that ended instead would only be asked for again. */
export async function patiently<T>(read: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await read()
    } catch (error) {
      if (!troubleOf(error)) throw error
      await wait(pause, undefined, { ref: false })
    }
  }
}
