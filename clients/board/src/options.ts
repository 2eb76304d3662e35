/** What the board's address asks for, e.g. `/board/?ready=1&lastCall=5&speak=1`. */
export interface Options {
  /** Whether there is a side of orders that are ready for pickup. */
  ready: boolean
  /** Whether numbers that become ready are spoken. */
  speak: boolean
  /** How long an order may wait to be picked up until it is called a last time, in milliseconds. */
  lastCall: number
}

const usualLastCall = 10

/** Reads the part of an address that follows `?`. */
export function optionsOf(search: string): Options {
  const asked = new URLSearchParams(search)
  const minutes = Number(asked.get('lastCall'))
  return {
    ready: asked.get('ready') === '1',
    speak: asked.get('speak') === '1',
    lastCall: (minutes > 0 ? minutes : usualLastCall) * 60_000,
  }
}
