import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/sql'
import { Order } from '../orders/order.entity.ts'
import { Call, CallEndReason } from './call.entity.ts'
import { draftMinutes, hasDraft } from './outcome.ts'

/** Ends after which nobody calls back to go on: all was said, or a person has taken over. */
const settled: CallEndReason[] = [CallEndReason.GOODBYE, CallEndReason.TRANSFERRED]
/** Calls of one number that are looked at: more within ten minutes are no guest's. */
const most = 5

/**
 * The call from that number that broke off with drinks but without an order, not long ago, locked until the transaction
 * ends: one call goes on with it, and none of its own functions runs any more. Nothing when the guest has ordered since.
 */
export async function droppedCall(em: EntityManager, shop: string, from: string): Promise<Call | null> {
  const since = new Date(Date.now() - draftMinutes * 60_000)
  const recent = await em.find(
    Call,
    { shop, from, endedAt: { $gte: since } },
    { orderBy: { endedAt: 'desc' }, limit: most, lockMode: LockMode.PESSIMISTIC_WRITE },
  )
  for (const call of recent) {
    if (await em.count(Order, { call })) return null
    // Asked for now that it is locked: another call may have been faster.
    if (await em.count(Call, { resumes: call })) return null
    if (hasDraft(call) && !settled.includes(call.endReason!)) return call
  }
  return null
}
