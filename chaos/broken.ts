import { setTimeout as delay } from 'node:timers/promises'

/** Something does not hold that was promised. */
export class Broken extends Error {}

/**
 * What hangs is to say where.
 * @param longest milliseconds
 * @throws Broken when it takes longer
 */
export async function within<T>(longest: number, what: string, work: Promise<T>): Promise<T> {
  const impatience = new AbortController()
  const { signal } = impatience
  try {
    return await Promise.race([
      work,
      delay(longest, undefined, { signal }).then(() => {
        throw new Broken(`${what} is not there after ${longest} ms`)
      }),
    ])
  } finally {
    impatience.abort()
  }
}
