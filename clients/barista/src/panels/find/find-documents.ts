import type { ResultOf } from 'gql.tada'
import { graphql } from '../../../../graphql.ts'
import type { Operation } from '../frame/use-ask.ts'

const found = `
  nodes {
    __typename
    id
    number
    status
    source
    name
    phone
    createdAt
    updatedAt
    promisedAt
    seenAt
    changedAt
    holdUntil
    readyAt
    cancelReason
    total { amount currency }
    items { id flavor toppings addOns sweetness ice doneAt labelPrints price { amount currency } }
    texts { id kind status statusText errorCode createdAt updatedAt dueAt }
  }
  pageInfo { hasNextPage }
` as const

const findText = `
  query FindOrders($since: DateTime!, $number: String, $digits: String!, $isNumber: Boolean!) {
    menu { shop { timezone } }
    byNumber: orders(first: 20, filter: { number: $number, createdAfter: $since }) @include(if: $isNumber) {
      ${found}
    }
    byPhone: orders(first: 20, filter: { phoneEndsWith: $digits, createdAfter: $since }) {
      ${found}
    }
  }
` as const
const _find = () => graphql(findText)
/** Orders with a number, and orders of phone numbers that end with its digits. */
export const findOrders: Operation<typeof _find> = findText

const callsText = `
  query CallsAround($after: DateTime!, $before: DateTime!) {
    calls(first: 100, filter: { startedAfter: $after, startedBefore: $before }) {
      nodes { id order { id } }
    }
  }
` as const
const _calls = () => graphql(callsText)
/** The calls of a while, with the order of each. */
export const callsAround: Operation<typeof _calls> = callsText

export type FoundOrder = ResultOf<ReturnType<typeof _find>>['byPhone']['nodes'][number]
