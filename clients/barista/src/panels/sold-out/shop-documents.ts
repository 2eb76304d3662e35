import type { ResultOf } from 'gql.tada'
import { graphql } from '../../../../graphql.ts'
import type { Operation } from '../frame/use-ask.ts'

const shopFields = `
  name
  timezone
  orderingPaused
  pausedUntil
  delayMinutes
  delayedUntil
` as const
const itemFields = 'id name kind available soldOutUntil' as const

const menuText = `query ShopPanel { menu { shop { ${shopFields} } items { ${itemFields} } } }` as const
const _menu = () => graphql(menuText)
/** What is sold out, and whether orders are taken. */
export const shopMenu: Operation<typeof _menu> = menuText

const availabilityText = `
  mutation SetAvailability($item: ID!, $available: Boolean!, $period: Period) {
    result: setAvailability(item: $item, available: $available, period: $period) {
      __typename
      ... on MenuItem { ${itemFields} }
      ... on MenuChangeRefused { code message }
    }
  }
` as const
const _availability = () => graphql(availabilityText)
export const setAvailability: Operation<typeof _availability> = availabilityText

const pauseText = `
  mutation PauseOrdering($paused: Boolean!, $period: Period) {
    result: pauseOrdering(paused: $paused, period: $period) { ${shopFields} }
  }
` as const
const _pause = () => graphql(pauseText)
export const pauseOrdering: Operation<typeof _pause> = pauseText

const delayText = `
  mutation DelayOrdering($minutes: Int!, $period: Period) {
    result: delayOrdering(input: { minutes: $minutes, period: $period }) {
      __typename
      ... on Shop { ${shopFields} }
      ... on ShopChangeRefused { code message }
    }
  }
` as const
const _delay = () => graphql(delayText)
export const delayOrdering: Operation<typeof _delay> = delayText

export type ShopMenu = ResultOf<ReturnType<typeof _menu>>['menu']
export type MenuItem = ShopMenu['items'][number]
export type Shop = ShopMenu['shop']
export type Period =
  'FIFTEEN_MINUTES' | 'THIRTY_MINUTES' | 'ONE_HOUR' | 'FOUR_HOURS' | 'TODAY' | 'UNTIL_LIFTED'
