import { GraphQLError } from 'graphql'

const message =
  'This took too long and was given up. What it should have changed may have been changed, so look before you try again; ask for less at once.'

/** That an operation took longer than it may. */
export const timedOut = (): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'TIMED_OUT', http: { status: 503 } } })

/** @throws GraphQLError TIMED_OUT when the operation was given up */
export function checkTime(signal: AbortSignal): void {
  if (signal.aborted) throw timedOut()
}

/**
 * Runs an operation for so long, in milliseconds. Its signal then tells it to stop where it stands; what it still
 * answers is heard by nobody.
 * @param late what is answered instead
 */
export async function withinTime<T>(
  ms: number,
  run: (signal: AbortSignal) => Promise<T>,
  late: () => T,
): Promise<T> {
  const over = new AbortController()
  const { promise, resolve } = Promise.withResolvers<T>()
  const timer = setTimeout(() => {
    over.abort()
    resolve(late())
  }, ms)
  try {
    return await Promise.race([run(over.signal), promise])
  } finally {
    clearTimeout(timer)
  }
}
