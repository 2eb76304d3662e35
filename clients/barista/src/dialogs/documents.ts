import type { ResultOf } from 'gql.tada'
import { graphql } from '../../../graphql.ts'
import { document } from '../documents.ts'

const lately = `
  query ReadyLately($after: DateTime!) {
    orders(first: 50, filter: { status: [READY, PICKED_UP], readyAfter: $after }) {
      nodes { id number name status readyAt }
    }
  }
`
const updateText = `
  mutation UpdateShop($input: UpdateShopInput!) {
    result: updateShop(input: $input) { __typename ... on ShopChangeRefused { code message } }
  }
`

// Never called: they give the strings the types of the schema.
const _lately = () => graphql(lately)
const _update = () => graphql(updateText)

/** Orders that were made ready after a time. */
export const readyLately = document<typeof _lately>(lately)
export const updateShop = document<typeof _update>(updateText)

export type ReadyOrder = ResultOf<ReturnType<typeof _lately>>['orders']['nodes'][number]
