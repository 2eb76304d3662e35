import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { TestApi } from '../support/api.ts'
import type { Placed } from './orders.ts'

/** The ticket of an order, wherever on a console it lies. */
export const ticket = (page: Page, { number }: Placed): Locator =>
  page.getByRole('article', { name: `Order ${number}` })

export const toMake = (page: Page): Locator => page.getByRole('region', { name: /^To make/ })
export const ready = (page: Page): Locator => page.getByRole('region', { name: /^Ready for pickup/ })

/** Presses a button of an order, e.g. "Start", "Done,", "Picked up,". */
export const press = (page: Page, button: string, { number }: Placed): Promise<void> =>
  page.getByRole('button', { name: `${button} order ${number}` }).click()

/** A cup of an order, counted from 1. */
export const cup = (page: Page, order: Placed, position: number): Locator =>
  ticket(page, order).getByRole('button', { name: new RegExp(`^Cup ${position} of`) })

export const gone = (locator: Locator): Promise<void> => locator.waitFor({ state: 'detached' })

export interface State {
  status: string
  cancelReason: string | null
  seenAt: string | null
  items: { id: string; doneAt: string | null }[]
  texts: { id: string; kind: string; status: string }[]
}

/** How an order stands, as the api tells it. */
export async function stateOf(api: TestApi, { id }: Placed): Promise<State> {
  const { data } = await api.ask<{ order: State }>(
    `query ($id: ID!) {
      order(id: $id) { status cancelReason seenAt items { id doneAt } texts { id kind status } }
    }`,
    { id },
    await api.key('orders:read'),
  )
  return data.order
}

/** Statuses of the cups of an order: true for done. */
export const cupsOf = async (api: TestApi, order: Placed): Promise<boolean[]> =>
  (await stateOf(api, order)).items.map(({ doneAt }) => doneAt !== null)

/** What a staff member does at another device: the mutation with the fields of an order. */
export async function staff(api: TestApi): Promise<(mutation: string) => Promise<void>> {
  const cookie = await api.signIn()
  return async mutation => {
    const { data } = await api.ask<{ result: { __typename: string } }>(
      `mutation { result: ${mutation} { __typename } }`,
      {},
      cookie,
    )
    expect(data.result.__typename).toMatch(/^(Order|Shop)$/)
  }
}

export type Tune = 'new' | 'changed' | 'cancelled' | 'lost'

const firstNotes: Record<number, Tune> = { 659: 'new', 988: 'changed', 587: 'cancelled', 196: 'lost' }

/**
 * Listens to what a console plays, told by the first note of each tune. With `blocked` its browser stays silent until
 * the page was clicked.
 */
export class Ears {
  #page: Page | undefined

  constructor(readonly blocked = false) {}

  /** Goes between a page and its sounds. */
  async prepare(page: Page): Promise<void> {
    this.#page = page
    await page.addInitScript(blocked => {
      const heard: number[][] = []
      class Fake extends EventTarget {
        state = blocked ? 'suspended' : 'running'
        currentTime = 0
        destination = {}
        createGain() {
          const gain = { setValueAtTime: () => {}, exponentialRampToValueAtTime: () => {} }
          return { gain, connect: (to: unknown) => to }
        }
        createOscillator() {
          const frequency = { value: 0 }
          const start = (at: number) => heard.push([frequency.value, at])
          return { frequency, start, stop: () => {}, connect: (to: unknown) => to }
        }
        async resume() {
          if (blocked && !navigator.userActivation.hasBeenActive) return
          this.state = 'running'
          this.dispatchEvent(new Event('statechange'))
        }
        async close() {}
      }
      Object.assign(globalThis, { AudioContext: Fake, heard })
    }, this.blocked)
  }

  /** The tunes played so far, in order. */
  async heard(): Promise<Tune[]> {
    const notes = await this.#page!.evaluate(() => (globalThis as unknown as { heard: number[][] }).heard)
    return notes.flatMap(([hertz], nth) => {
      const tune = firstNotes[hertz!]
      // The note of a tune that is repeated within it begins no other one.
      return tune && notes[nth - 1]?.[0] !== hertz && !(tune === 'changed' && notes[nth - 2]?.[0] === hertz)
        ? [tune]
        : []
    })
  }

  /** Forgets what was played. */
  async forget(): Promise<void> {
    await this.#page!.evaluate(() => {
      ;(globalThis as unknown as { heard: number[][] }).heard.length = 0
    })
  }
}
