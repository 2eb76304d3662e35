import type { Drink } from '../carts/drink.ts'
import type { CallIntent } from './call.entity.ts'

/** What the agent functions change of a call, so that an effect can be taken back. Stored as JSON. */
export interface CallState {
  pendingItem: Drink | null
  cart: Drink[]
  phone: string | null
  intent: CallIntent
  transferReason: string | null
}
