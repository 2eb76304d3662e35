import type { EntityManager } from '@mikro-orm/sql'
import type { Order } from '../orders/order.entity.ts'
import { Sms, SmsKind, SmsStatus } from './sms.entity.ts'
import { bodyOf } from './texts.ts'

/** The newest text of a kind. */
export async function latestText(em: EntityManager, order: Order, kind: SmsKind): Promise<Sms | null> {
  return em.findOne(Sms, { order, kind }, { orderBy: { round: 'desc' } })
}

/** Writes down that a text shall go out; the sender hands it over when it is due. */
export async function wantText(
  em: EntityManager,
  order: Order,
  kind: SmsKind,
  { dueAt = new Date(), status = SmsStatus.QUEUED }: { dueAt?: Date; status?: SmsStatus } = {},
): Promise<Sms> {
  const before = await latestText(em, order, kind)
  const round = before ? before.round + 1 : 0
  const body = bodyOf(kind, order.number)
  const sms = em.create(Sms, { order, kind, round, to: order.phone, body, status, dueAt })
  await em.flush()
  return sms
}

/**
 * Takes back a ready text that was not handed over yet. The sender claims a text by its status, as this does, so that
 * one that is taken back never goes out.
 * @returns whether there was one
 */
export async function withdrawReadyText(em: EntityManager, order: Order): Promise<boolean> {
  const held = { order, kind: SmsKind.ORDER_READY, status: SmsStatus.QUEUED }
  return (await em.nativeUpdate(Sms, held, { status: SmsStatus.WITHDRAWN, updatedAt: new Date() })) > 0
}

/** What a guest has not been told. */
const untold = [SmsStatus.QUEUED, SmsStatus.WITHDRAWN, SmsStatus.FAILED, SmsStatus.UNDELIVERED]

/** Tells the guest that the order is not ready after all, when they were told that it is. */
export async function correctReadyText(em: EntityManager, order: Order): Promise<void> {
  const told = await latestText(em, order, SmsKind.ORDER_READY)
  if (told && order.phone && !untold.includes(told.status)) await wantText(em, order, SmsKind.ORDER_RECALLED)
}

/** Whether an order that is ready needs a text saying so: the guest has had none, or has been told otherwise since. */
export async function needsReadyText(em: EntityManager, order: Order): Promise<boolean> {
  const ready = await latestText(em, order, SmsKind.ORDER_READY)
  if (!ready || ready.status === SmsStatus.WITHDRAWN) return true
  const correction = await latestText(em, order, SmsKind.ORDER_RECALLED)
  return correction !== null && correction.createdAt >= ready.createdAt
}
