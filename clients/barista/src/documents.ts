import type { ResultOf, VariablesOf } from 'gql.tada'
import { graphql } from '../../graphql.ts'

const orderFields = graphql(`
  fragment OrderFields on Order {
    __typename
    id
    number
    status
    name
    phone
    createdAt
    updatedAt
    total {
      amount
      currency
    }
    items {
      id
      flavor
      toppings
      addOns
      sweetness
      ice
    }
    texts {
      id
      kind
      status
      statusText
    }
  }
`)

const moved = graphql(
  `
    fragment Moved on MoveOrderResult {
      __typename
      ...OrderFields
      ... on OrderMoveRefused {
        message
        order {
          ...OrderFields
        }
      }
    }
  `,
  [orderFields],
)

export const me = graphql(`
  query Me {
    me {
      kind
      shop {
        name
      }
    }
  }
`)

export const signIn = graphql(`
  mutation SignIn($pin: String!) {
    signIn(pin: $pin) {
      __typename
      ... on SignedIn {
        viewer {
          kind
          shop {
            name
          }
        }
      }
      ... on SignInRefused {
        message
        retryAfter
      }
    }
  }
`)

export const signOut = graphql(`
  mutation SignOut {
    signOut
  }
`)

export const openOrders = graphql(
  `
    query OpenOrders($after: String) {
      orders(first: 100, after: $after, filter: { status: [RECEIVED, PREPARING, READY] }) {
        nodes {
          ...OrderFields
        }
        pageInfo {
          hasNextPage
          endCursor
        }
        eventCursor
      }
      menu {
        defaultSweetness
        defaultIce
      }
    }
  `,
  [orderFields],
)

export const orderEvents = graphql(
  `
    subscription OrderEvents($after: String) {
      event: orderEvents(after: $after) {
        type
        cursor
        at
        order {
          ...OrderFields
        }
      }
    }
  `,
  [orderFields],
)

/** What staff can do with an order. */
export const moves = {
  start: graphql(
    `
      mutation StartOrder($id: ID!) {
        result: startOrder(id: $id) {
          ...Moved
        }
      }
    `,
    [moved, orderFields],
  ),
  done: graphql(
    `
      mutation MarkOrderReady($id: ID!) {
        result: markOrderReady(id: $id) {
          ...Moved
        }
      }
    `,
    [moved, orderFields],
  ),
  recall: graphql(
    `
      mutation RecallOrder($id: ID!) {
        result: recallOrder(id: $id) {
          ...Moved
        }
      }
    `,
    [moved, orderFields],
  ),
  pickedUp: graphql(
    `
      mutation CompleteOrder($id: ID!) {
        result: completeOrder(id: $id) {
          ...Moved
        }
      }
    `,
    [moved, orderFields],
  ),
  cancel: graphql(
    `
      mutation CancelOrder($id: ID!, $reason: String) {
        result: cancelOrder(id: $id, reason: $reason) {
          ...Moved
        }
      }
    `,
    [moved, orderFields],
  ),
}

export type Move = keyof typeof moves
export type Viewer = ResultOf<typeof me>['me']
export type Order = ResultOf<typeof orderFields>
export type Cup = Order['items'][number]
export type OrderEvent = ResultOf<typeof orderEvents>['event']
export type Moved = ResultOf<typeof moves.cancel>['result']
export type MoveVariables = VariablesOf<typeof moves.cancel>
