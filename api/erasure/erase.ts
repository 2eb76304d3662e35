import type { EntityManager } from '@mikro-orm/sql'
import { Call } from '../calls/call.entity.ts'
import { FunctionCall } from '../calls/function-call.entity.ts'
import { Order } from '../orders/order.entity.ts'
import { Sms, SmsStatus } from '../sms/sms.entity.ts'

/** Numbers and words of calls, and what the agent functions were told on them. */
export async function eraseCalls(em: EntityManager, ids: string[]): Promise<void> {
  // A hash of a phone number is a phone number to whoever tries them all.
  const nothing = { arguments: {}, answer: {}, argumentsHash: '', before: null }
  await em.nativeUpdate(FunctionCall, { call: { $in: ids } }, nothing)
  const erased = { from: null, phone: null, transferReason: null, transcript: [], erasedAt: new Date() }
  await em.nativeUpdate(Call, { id: { $in: ids } }, erased)
}

/** Numbers and names of orders. */
export async function eraseOrders(em: EntityManager, ids: string[]): Promise<void> {
  // Programs make keys of whatever is at hand, of a number too.
  const nothing = { phone: null, name: null, inputHash: null, idempotencyKey: null }
  await em.nativeUpdate(Order, { id: { $in: ids } }, nothing)
}

/** Numbers that texts went to. One that was still to go is not wanted any more. */
export async function eraseTexts(em: EntityManager, ids: string[]): Promise<void> {
  const queued = { id: { $in: ids }, status: SmsStatus.QUEUED }
  await em.nativeUpdate(Sms, queued, { status: SmsStatus.WITHDRAWN, updatedAt: new Date() })
  await em.nativeUpdate(Sms, { id: { $in: ids } }, { to: null })
}
