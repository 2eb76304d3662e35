import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/sql'
import type { Posted } from './post.ts'
import { Webhook, WebhookDisabledReason } from './webhook.entity.ts'
import { WebhookDelivery, WebhookDeliveryStatus, WebhookOutcome } from './webhook-delivery.entity.ts'

/** Tries that a delivery remembers. */
const remembered = 30
const longestPause = 60 * 60_000
const gone = 410

/** What came of a try. */
export interface Settled {
  /** Ids. */
  webhook: string
  delivery: string
  /** Which try of the delivery it was. */
  tries: number
  begun: Date
  /** Undefined when nothing was posted. */
  posted: Posted | undefined
}

interface Patience {
  backOff: number
  giveUp: number
}

/**
 * Notes what came of a try: on the delivery, and on the webhook whose target took it or failed. The webhook is locked
 * first, by everybody.
 * @returns why the webhook was disabled, if it was
 */
export async function settle(
  em: EntityManager,
  { webhook: id, delivery: deliveryId, tries, begun, posted }: Settled,
  patience: Patience,
): Promise<WebhookDisabledReason | undefined> {
  const locked = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const
  const webhook = await em.findOne(Webhook, id, locked)
  const delivery = await em.findOne(WebhookDelivery, deliveryId, locked)
  // It was deleted meanwhile, or took so long that somebody else has begun it again.
  if (!webhook || delivery?.status !== WebhookDeliveryStatus.SENDING || delivery.tries !== tries)
    return undefined
  if (!posted) {
    delivery.status = WebhookDeliveryStatus.PENDING
    return undefined
  }
  const { outcome, status, durationMs, retryAfter } = posted
  const attempt = { at: begun.toISOString(), outcome, status, durationMs }
  delivery.tried = [...delivery.tried, attempt].slice(-remembered)
  switch (outcome) {
    case WebhookOutcome.DELIVERED:
      delivery.status = WebhookDeliveryStatus.DELIVERED
      await targetIsWell(em, webhook)
      return undefined
    case WebhookOutcome.INTERRUPTED:
      delivery.status = WebhookDeliveryStatus.PENDING
      delivery.dueAt = new Date()
      return undefined
    default:
      postpone(delivery, retryAfter, patience)
      // What is our own fault says nothing about the target.
      return outcome === WebhookOutcome.INTERNAL_ERROR
        ? undefined
        : targetFails(em, webhook, delivery, begun, posted, patience)
  }
}

/** Deliveries that fail one after the other are a target that is away; a single one may be an event it does not take. */
const away = 2

/** What has waited for a target that was away waits no longer. */
async function targetIsWell(em: EntityManager, webhook: Webhook): Promise<void> {
  webhook.lastDeliveredAt = new Date()
  const wasAway = webhook.failures >= away
  webhook.recover()
  if (!wasAway) return
  await em.nativeUpdate(
    WebhookDelivery,
    { webhook: webhook.id, status: WebhookDeliveryStatus.PENDING, dueAt: { $gt: new Date() } },
    { dueAt: new Date() },
  )
}

/** Whether others than this one have failed since the target has taken nothing. */
async function othersFailed(em: EntityManager, { id, failingSince }: Webhook, { id: own }: WebhookDelivery) {
  const others = { webhook: id, status: WebhookDeliveryStatus.PENDING, id: { $ne: own }, tries: { $gt: 0 } }
  return (await em.count(WebhookDelivery, { ...others, updatedAt: { $gte: failingSince! } })) > 0
}

function postpone(delivery: WebhookDelivery, retryAfter: number, { backOff, giveUp }: Patience): void {
  const { until, tried } = delivery
  const since = new Date(until.getTime() - giveUp)
  delivery.status = until <= new Date() ? WebhookDeliveryStatus.FAILED : WebhookDeliveryStatus.PENDING
  // One that is delivered again, days later, begins with short pauses again.
  const tries = tried.filter(({ at }) => new Date(at) >= since).length
  delivery.dueAt = later(backOff, Math.max(tries, 1), retryAfter)
}

async function targetFails(
  em: EntityManager,
  webhook: Webhook,
  delivery: WebhookDelivery,
  begun: Date,
  { status, retryAfter }: Posted,
  { backOff, giveUp }: Patience,
): Promise<WebhookDisabledReason | undefined> {
  const now = new Date()
  // Of several that were on their way when the first one failed, only that one counts.
  if (!webhook.failingSince || begun >= webhook.failingSince) {
    webhook.failingSince ??= now
    // One that fails again and again by itself must not hold up those that the target may take.
    if (webhook.failures === 0 || (await othersFailed(em, webhook, delivery))) webhook.failures += 1
    const pauses = webhook.failures - away + 1
    if (pauses > 0) webhook.dueAt = later(backOff, pauses, retryAfter)
    else if (retryAfter > 0) webhook.dueAt = new Date(now.getTime() + retryAfter)
  }
  if (!webhook.enabled) return undefined
  if (status === gone) {
    const message =
      'Its target answered 410 Gone, so nothing more is sent to it. Enable it if that was a mistake.'
    webhook.disable(WebhookDisabledReason.TARGET_GONE, message)
    return WebhookDisabledReason.TARGET_GONE
  }
  // A single event that the target does not understand is no reason to tell it none of the others.
  const givenUp = delivery.status === WebhookDeliveryStatus.FAILED
  const tookNothing = (webhook.lastDeliveredAt?.getTime() ?? 0) < delivery.until.getTime() - giveUp
  const failedLong = webhook.failingSince!.getTime() <= now.getTime() - giveUp
  if (!failedLong && !(givenUp && tookNothing)) return undefined
  const message =
    'Its target has taken nothing for a day. The delivery log says why; mend the target, then enable the webhook.'
  webhook.disable(WebhookDisabledReason.TARGET_FAILED, message)
  return WebhookDisabledReason.TARGET_FAILED
}

/** Doubled with each try to an hour at most, with up to a quarter more so that many do not come back together. */
function later(backOff: number, tries: number, retryAfter: number): Date {
  const pause = Math.min(backOff * 2 ** (tries - 1), longestPause)
  return new Date(Date.now() + Math.max(pause * (1 + Math.random() / 4), retryAfter))
}
