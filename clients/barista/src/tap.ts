import type { Move } from './documents.ts'

/** Something that somebody tapped, as it is sent to the server. */
export interface Tap {
  move: Move
  /** Ids and numbers only: this is kept on the device. */
  order: string
  number: string
  variables: { id?: string; cup?: string; done?: boolean }
  at: number
}

/** What a tap is called where it waits. */
export function nameOf({ move, variables }: Tap) {
  if (move === 'cup') return variables.done ? 'cup' : 'uncup'
  return move as 'start' | 'done' | 'pickedUp'
}
