import { registerEnumType } from 'type-graphql'
import type { Call } from './call.entity.ts'

/** How long a draft waits for its caller to call back. */
export const draftMinutes = 10

export enum CallOutcome {
  LIVE = 'LIVE',
  ORDERED = 'ORDERED',
  RESUMED = 'RESUMED',
  DROPPED = 'DROPPED',
  ABANDONED = 'ABANDONED',
  NOTHING = 'NOTHING',
}
registerEnumType(CallOutcome, {
  name: 'CallOutcome',
  description: 'What came of a call.',
  valuesConfig: {
    LIVE: { description: 'It goes on.' },
    ORDERED: { description: 'An order.' },
    RESUMED: { description: 'It broke off, and the guest went on with its drinks on another call.' },
    DROPPED: {
      description: `It ended with drinks but without an order less than ${draftMinutes} minutes ago: the guest may call back.`,
    },
    ABANDONED: { description: 'Drinks were chosen and never ordered; `endReason` says how it ended.' },
    NOTHING: { description: 'No drink was chosen.' },
  },
})

/** Whether drinks were chosen that are not ordered. */
export const hasDraft = ({ cart, pendingItem }: Call): boolean => cart.length > 0 || pendingItem !== null

/** What came of a call, as things stand now. */
export function outcomeOf(call: Call): CallOutcome {
  if (!call.endedAt) return CallOutcome.LIVE
  if (call.order) return CallOutcome.ORDERED
  if (call.resumedBy) return CallOutcome.RESUMED
  if (!hasDraft(call)) return CallOutcome.NOTHING
  return Date.now() - call.endedAt.getTime() < draftMinutes * 60_000
    ? CallOutcome.DROPPED
    : CallOutcome.ABANDONED
}
