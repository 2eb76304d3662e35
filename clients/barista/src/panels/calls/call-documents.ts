import type { ResultOf } from 'gql.tada'
import { graphql } from '../../../../graphql.ts'
import type { Operation } from '../frame/use-ask.ts'

const money = 'amount currency' as const
const drinkFields = `flavor toppings addOns sweetness ice price { ${money} }` as const
const draftFields = `
  cart { ${drinkFields} }
  pendingItem { ${drinkFields} }
  cartTotal { ${money} }
` as const

export const liveCalls = `
  subscription LiveCalls {
    live: liveCalls {
      at
      calls {
        id
        startedAt
        callerEnding
        ${draftFields}
        lastWords(last: 2) { speaker text }
        order { number }
      }
    }
  }
` as const
const _live = () => graphql(liveCalls)

const pageText = `
  query Calls($first: Int!, $after: String, $filter: CallFilter) {
    calls(first: $first, after: $after, filter: $filter) {
      nodes {
        id
        startedAt
        endedAt
        callerEnding
        outcome
        cart { flavor }
        pendingItem { flavor }
        cartTotal { ${money} }
        order { id number total { ${money} } items { id } }
        shop { timezone }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
` as const
const _page = () => graphql(pageText)
/** A page of calls, newest first. */
export const callPage: Operation<typeof _page> = pageText

const callText = `
  query Call($id: ID!) {
    call(id: $id) {
      id
      startedAt
      endedAt
      callerEnding
      outcome
      endReason
      transferReason
      erasedAt
      resumes
      resumedBy
      ${draftFields}
      order { number status total { ${money} } items { ${drinkFields} } }
      transcript { speaker text }
      functions { name arguments answer at cancelled }
      metrics {
        greetingMs replyMedianMs replyMaxMs functionMaxMs interruptions agentLosses
      }
      shop { timezone }
    }
  }
` as const
const _call = () => graphql(callText)
/** All there is to know about a call. */
export const wholeCall: Operation<typeof _call> = callText

export type LiveCalls = ResultOf<ReturnType<typeof _live>>['live']
export type LiveCall = LiveCalls['calls'][number]
export type ListedCall = ResultOf<ReturnType<typeof _page>>['calls']['nodes'][number]
export type WholeCall = NonNullable<ResultOf<ReturnType<typeof _call>>['call']>
export type Drink = LiveCall['cart'][number]
export type RunFunction = WholeCall['functions'][number]
