import type { ResultOf } from 'gql.tada'
import type { graphql } from '../clients/graphql.ts'

const menuFields = `
  fragment MenuFields on Menu {
    shop { id name region orderingPaused delayMinutes waitMinutes }
    flavors { ...Item }
    toppings { ...Item }
    addOns { ...Item requires { name } }
    sweetnessLevels defaultSweetness
    iceLevels defaultIce
    maxDrinks
  }
  fragment Item on MenuItem { name aliases available price { amount currency } }
`

/** A call comes in; answers all that an agent has to know. The same CallSid answers the same call. */
export const startCall = `
  mutation StartCall($input: StartCallInput!) {
    call: startCall(input: $input) {
      id
      from
      phone
      resumes
      order { number }
      transcript { speaker }
      cart { summary }
      pendingItem { summary }
      menu { ...MenuFields }
    }
  }
  ${menuFields}
`

/** What a shop sells right now. */
export const menu = `
  query Menu($shop: ID) { menu(shop: $shop) { ...MenuFields } }
  ${menuFields}
`

/** That something has changed in a shop, without saying what. */
export const boardEvents = `
  subscription MenuEvents($shop: ID) { event: boardEvents(shop: $shop) { type } }
`

/** The caller went on speaking: what was asked for meanwhile is not wanted. Answers what has been done for good. */
export const cancelFunctions = `
  mutation CancelFunctions($input: CancelFunctionsInput!) { stay: cancelFunctions(input: $input) }
`

/** A call is over, and why. */
export const endCall = `
  mutation EndCall($input: EndCallInput!) { call: endCall(input: $input) { id } }
`

/** What was said on a call, from a certain place on. */
export const recordWords = `
  mutation RecordWords($input: RecordWordsInput!) { recordWords(input: $input) }
`

/** How a call shall go on once its stream has ended. */
export const callIntent = `
  query CallIntent($id: ID!) { call(id: $id) { intent endReason } }
`

// Never called: they give the strings the types of the schema, and nothing of gql.tada runs in this process.
declare const typed: typeof graphql
const _startCall = () => typed(startCall)
const _callIntent = () => typed(callIntent)

export type StartedCall = ResultOf<ReturnType<typeof _startCall>>['call']
export type LiveMenu = StartedCall['menu']
export type CallIntent = ResultOf<ReturnType<typeof _callIntent>>
export type EndReason = NonNullable<NonNullable<CallIntent['call']>['endReason']>
