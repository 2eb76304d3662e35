import type { BoardOrder } from './documents.ts'
import { readyTime } from './use-board.ts'

/** An order as a tile shows it. Its look never says more than its words do. */
export interface Tile {
  number: string
  look: 'received' | 'preparing' | 'ready' | 'last-call'
  words: string
}

/** An order that somebody waits for. */
export function preparingTile({ number, status }: BoardOrder): Tile {
  return status === 'PREPARING'
    ? { number, look: 'preparing', words: 'being made' }
    : { number, look: 'received', words: 'in line' }
}

/** An order that waits for somebody; called a last time after `lastCall` milliseconds. */
export function readyTile(order: BoardOrder, lastCall: number, now: number): Tile {
  return now < readyTime(order) + lastCall
    ? { number: order.number, look: 'ready', words: 'ready' }
    : { number: order.number, look: 'last-call', words: 'last call!' }
}
