import type { ResultOf } from 'gql.tada'
import { graphql } from '../../graphql.ts'

// Plain strings, sent as they are: no GraphQL parser goes to the console (see graphql-text.ts).
const orderFields = `
  fragment OrderFields on Order {
    __typename id number status name phone cancelReason
    createdAt updatedAt readyAt promisedAt seenAt changedAt holdUntil
    total { amount currency }
    items { id flavor toppings addOns sweetness ice doneAt labelPrints }
    texts { id kind status statusText errorCode }
  }
`
const menuFields = `
  fragment MenuFields on Menu {
    defaultSweetness defaultIce
    items { id kind name available soldOutUntil }
    shop {
      name timezone orderingPaused pausedUntil delayMinutes delayedUntil
      warnAfterMinutes lateAfterMinutes waitMinutes
    }
  }
`
const moved = `
  fragment Moved on MoveOrderResult {
    __typename
    ...OrderFields
    ... on OrderMoveRefused { code message order { ...OrderFields } }
  }
`
const meText = `query Me { me { kind shop { name } } }`
const signInText = `
  mutation SignIn($pin: String!) {
    signIn(pin: $pin) {
      __typename
      ... on SignedIn { viewer { kind shop { name } } }
      ... on SignInRefused { code message retryAfter }
    }
  }
`
const signOutText = `mutation SignOut { signOut }`
const openOrdersText = `
  query OpenOrders($after: String) {
    orders(first: 100, after: $after, filter: { status: [RECEIVED, PREPARING, READY] }) {
      nodes { ...OrderFields }
      pageInfo { hasNextPage endCursor }
      eventCursor
    }
  }
`
const pictureText = `
  query Picture {
    orders(first: 100, filter: { status: [RECEIVED, PREPARING, READY] }) {
      nodes { ...OrderFields }
      pageInfo { hasNextPage endCursor }
      eventCursor
    }
    menu { ...MenuFields }
  }
`
const oneOrderText = `query OneOrder($id: ID!) { order(id: $id) { ...OrderFields } }`
const orderEventsText = `
  subscription OrderEvents($after: String) {
    event: orderEvents(after: $after) { type at cursor order { ...OrderFields } }
  }
`
const startText = `mutation StartOrder($id: ID!) { result: startOrder(id: $id) { ...Moved } }`
const doneText = `mutation MarkOrderReady($id: ID!) { result: markOrderReady(id: $id) { ...Moved } }`
const seenText = `mutation MarkOrderSeen($id: ID!) { result: markOrderSeen(input: { id: $id }) { ...Moved } }`
const cupText = `
  mutation SetCupDone($cup: ID!, $done: Boolean!) {
    result: setCupDone(input: { cup: $cup, done: $done }) { ...Moved }
  }
`
const recallText = `
  mutation RecallOrder($id: ID!, $tellGuest: Boolean!) {
    result: recallOrder(id: $id, tellGuest: $tellGuest) { ...Moved }
  }
`
const pickedUpText = `mutation CompleteOrder($id: ID!) { result: completeOrder(id: $id) { ...Moved } }`
const cancelText = `
  mutation CancelOrder($id: ID!, $reason: String) { result: cancelOrder(id: $id, reason: $reason) { ...Moved } }
`
const resendText = `
  mutation ResendText($text: ID!) { result: resendText(input: { text: $text }) { ...Moved } }
`

// Never called, and gone from the build: they give the strings the types of the schema.
const _order = () => graphql(orderFields)
const _menuFields = () => graphql(menuFields)
const _moved = () => graphql(moved, [_order()])
const _me = () => graphql(meText)
const _signIn = () => graphql(signInText)
const _signOut = () => graphql(signOutText)
const _openOrders = () => graphql(openOrdersText, [_order()])
const _picture = () => graphql(pictureText, [_order(), _menuFields()])
const _oneOrder = () => graphql(oneOrderText, [_order()])
const _orderEvents = () => graphql(orderEventsText, [_order()])
const _start = () => graphql(startText, [_moved(), _order()])
const _done = () => graphql(doneText, [_moved(), _order()])
const _seen = () => graphql(seenText, [_moved(), _order()])
const _cup = () => graphql(cupText, [_moved(), _order()])
const _recall = () => graphql(recallText, [_moved(), _order()])
const _pickedUp = () => graphql(pickedUpText, [_moved(), _order()])
const _cancel = () => graphql(cancelText, [_moved(), _order()])
const _resend = () => graphql(resendText, [_moved(), _order()])

/** A document as it is sent, seen as what the schema makes of it. */
export function document<Typed extends () => unknown>(...parts: string[]): ReturnType<Typed> {
  return parts.join('') as ReturnType<Typed>
}

export const me = document<typeof _me>(meText)
export const signIn = document<typeof _signIn>(signInText)
export const signOut = document<typeof _signOut>(signOutText)
export const openOrders = document<typeof _openOrders>(openOrdersText, orderFields)
/** The first page of orders, and what the shop sells. */
export const picture = document<typeof _picture>(pictureText, orderFields, menuFields)
export const oneOrder = document<typeof _oneOrder>(oneOrderText, orderFields)
export const orderEvents = orderEventsText + orderFields

const move = <Typed extends () => unknown>(text: string) => document<Typed>(text, moved, orderFields)

/** What staff can do with an order. */
export const moves = {
  start: move<typeof _start>(startText),
  done: move<typeof _done>(doneText),
  seen: move<typeof _seen>(seenText),
  cup: move<typeof _cup>(cupText),
  recall: move<typeof _recall>(recallText),
  pickedUp: move<typeof _pickedUp>(pickedUpText),
  cancel: move<typeof _cancel>(cancelText),
  resend: move<typeof _resend>(resendText),
}

export type Move = keyof typeof moves
export type Viewer = ResultOf<ReturnType<typeof _me>>['me']
export type Menu = ResultOf<ReturnType<typeof _picture>>['menu']
export type Order = ResultOf<ReturnType<typeof _order>>
export type Cup = Order['items'][number]
export type Text = Order['texts'][number]
export type OrderEvent = ResultOf<ReturnType<typeof _orderEvents>>['event']
export type Moved = ResultOf<ReturnType<typeof _cancel>>['result']
export type Refused = Extract<Moved, { __typename: 'OrderMoveRefused' }>
