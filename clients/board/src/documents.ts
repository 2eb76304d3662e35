import type { ResultOf } from 'gql.tada'
import { graphql } from '../../graphql.ts'

// Plain strings: the board sends them as they are, so no GraphQL parser goes to the TV.
export const boardQuery = `
  query Board {
    board {
      cursor at
      shop { name phone timezone orderingPaused waitMinutes }
      orders { number status createdAt readyAt }
      ready { number status createdAt readyAt }
    }
  }
`
export const boardEvents = `
  subscription BoardEvents($after: String) {
    event: boardEvents(after: $after) { type cursor at waitMinutes order { number status createdAt readyAt } }
  }
`

// Never called, and gone from the build: they give the strings the types of the schema.
const _board = () => graphql(boardQuery)
const _events = () => graphql(boardEvents)

export type Board = ResultOf<ReturnType<typeof _board>>['board']
export type Shop = Board['shop']
export type BoardOrder = Board['orders'][number]
export type BoardEvent = ResultOf<ReturnType<typeof _events>>['event']
