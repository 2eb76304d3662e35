import type { ResultOf } from 'gql.tada'
import { graphql } from '../../../../graphql.ts'
import type { Operation } from '../frame/use-ask.ts'

const labelFields = `
  id
  number
  name
  createdAt
  items { id flavor toppings addOns sweetness ice labelPrints }
` as const

const orderText = `
  query OrderForLabels($id: ID!) {
    menu { shop { timezone } }
    order(id: $id) { ${labelFields} }
  }
` as const
const _order = () => graphql(orderText)
/** What stands on the labels of an order. */
export const orderForLabels: Operation<typeof _order> = orderText

const recordText = `
  mutation RecordLabels($cups: [ID!]!) {
    result: recordLabels(input: { cups: $cups }) {
      __typename
      ... on Order { ${labelFields} }
      ... on OrderMoveRefused { code message }
    }
  }
` as const
const _record = () => graphql(recordText)
/** Says that the labels of these cups are printed. */
export const recordLabels: Operation<typeof _record> = recordText

export type LabelOrder = NonNullable<ResultOf<ReturnType<typeof _order>>['order']>
export type LabelCup = LabelOrder['items'][number]
