import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/sql'
import type { GraphQLSchema } from 'graphql'
import type { Viewer } from '../auth/viewer.ts'
import { about, refuse } from '../carts/refusal.ts'
import { EventType } from '../events/event.entity.ts'
import { Shop } from '../shops/shop.entity.ts'
import { shopOf } from '../shops/shop-of.ts'
import { fitDocument } from './payload.ts'
import { newSalt, secretOf } from './signatures.ts'
import type { Targets } from './targets.ts'
import { Webhook } from './webhook.entity.ts'
import { WebhookDelivery, WebhookDeliveryStatus } from './webhook-delivery.entity.ts'
import type {
  EnableWebhookInput,
  RegisterWebhookInput,
  RotateWebhookSecretInput,
  UpdateWebhookInput,
} from './webhook-input.ts'

/** Webhooks of one key. */
const mostWebhooks = 20
/** In minutes. */
const longestOverlap = 30 * 24 * 60
const minute = 60_000
const day = 24 * 60 * minute

/** What webhooks need to be registered. */
export interface WebhookRules {
  targets: Targets
  /** From which the signing secrets are derived; without one there are no webhooks. */
  key: string | undefined
}

export interface WebhookManager {
  em: EntityManager
  schema: GraphQLSchema
  viewer: Viewer
  webhooks: WebhookRules
}

const locked = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const

/**
 * A webhook of the viewer's own, for nobody else's can be told from one that is not there.
 * @throws Refusal WEBHOOK_NOT_FOUND
 */
async function ownWebhook(em: EntityManager, viewer: Viewer, id: string): Promise<Webhook> {
  return (
    (await em.findOne(Webhook, { id, apiKey: viewer.id! }, locked)) ??
    refuse('WEBHOOK_NOT_FOUND', 'This key has registered no such webhook. `webhooks` lists those it has.', [
      'input',
      'id',
    ])
  )
}

/** @throws Refusal WEBHOOKS_OFF */
function signingKey({ key }: WebhookRules): string {
  return (
    key ??
    refuse(
      'WEBHOOKS_OFF',
      'This shop sends no webhooks: its owner has to set WEBHOOK_KEY and start it again.',
    )
  )
}

/** @throws Refusal BAD_EVENT_TYPES */
function checkedTypes(types: EventType[]): EventType[] {
  const path = ['input', 'eventTypes']
  if (types.length === 0) refuse('BAD_EVENT_TYPES', 'Say which events to tell, e.g. ORDER_CREATED.', path)
  const made = [EventType.HEARTBEAT, EventType.GAP].find(type => types.includes(type))
  if (made) refuse('BAD_EVENT_TYPES', `${made} is made by streams only. Leave it out.`, path)
  return [...new Set(types)]
}

/**
 * Registers a webhook for what happens from now on.
 * @throws Refusal saying what is wrong with the input, WEBHOOKS_OFF, TOO_MANY_WEBHOOKS
 */
export async function registerWebhook(
  { em, schema, viewer, webhooks }: WebhookManager,
  { url, eventTypes, document = null }: RegisterWebhookInput,
): Promise<{ webhook: Webhook; secret: string }> {
  const key = signingKey(webhooks)
  const types = checkedTypes(eventTypes)
  fitDocument(schema, document, viewer)
  const checked = await webhooks.targets.check(url)
  if ((await em.count(Webhook, { apiKey: viewer.id! })) >= mostWebhooks) {
    refuse('TOO_MANY_WEBHOOKS', `A key has ${mostWebhooks} webhooks at most. Delete one first.`)
  }
  const { id: shop, eventSeq } = await shopOf(em)
  const salt = newSalt()
  const webhook = em.create(Webhook, {
    shop,
    apiKey: viewer.id!,
    url: checked,
    eventTypes: types,
    document,
    salt,
    seq: eventSeq,
  })
  await em.flush()
  return { webhook, secret: secretOf(key, salt) }
}

/** @throws Refusal saying what is wrong with the input, WEBHOOK_NOT_FOUND */
export async function updateWebhook(
  { em, schema, viewer, webhooks }: WebhookManager,
  { id, url, eventTypes, document }: UpdateWebhookInput,
): Promise<Webhook> {
  const types = eventTypes && checkedTypes(eventTypes)
  if (document !== undefined) fitDocument(schema, document, viewer)
  // A name may take long to be resolved: nobody shall wait for a locked row meanwhile.
  const checked = url && (await webhooks.targets.check(url))
  return em.transactional(async tx => {
    const webhook = await ownWebhook(tx, viewer, id)
    if (checked) webhook.url = checked
    if (types) webhook.eventTypes = types
    if (document !== undefined) webhook.document = document
    return webhook
  })
}

/**
 * Gives a webhook a new secret; the one it had signs too for so long.
 * @throws Refusal BAD_OVERLAP, WEBHOOK_NOT_FOUND, WEBHOOKS_OFF
 */
export async function rotateSecret(
  { em, viewer, webhooks }: WebhookManager,
  { id, overlapMinutes }: RotateWebhookSecretInput,
): Promise<{ webhook: Webhook; secret: string }> {
  const key = signingKey(webhooks)
  if (overlapMinutes < 0 || overlapMinutes > longestOverlap) {
    refuse('BAD_OVERLAP', `The secret before may sign for 0 to ${longestOverlap} minutes more (30 days).`, [
      'input',
      'overlapMinutes',
    ])
  }
  return em.transactional(async tx => {
    const webhook = await ownWebhook(tx, viewer, id)
    webhook.oldSalt = webhook.salt
    webhook.oldSecretUntil = new Date(Date.now() + overlapMinutes * minute)
    webhook.salt = newSalt()
    return { webhook, secret: secretOf(key, webhook.salt) }
  })
}

/**
 * Sends to a webhook again: what has waited and happened meanwhile too, unless that shall be left out.
 * @throws Refusal when it would not fit now either, WEBHOOK_NOT_FOUND
 */
export async function enableWebhook(
  { em, schema, viewer, webhooks }: WebhookManager,
  { id, fromNow }: EnableWebhookInput,
): Promise<Webhook> {
  signingKey(webhooks)
  const url = (await em.fork().findOne(Webhook, { id, apiKey: viewer.id! }))?.url
  const path = ['input', 'id']
  if (url) await about(path, () => webhooks.targets.check(url))
  return em.transactional(async tx => {
    const webhook = await ownWebhook(tx, viewer, id)
    await about(path, () => fitDocument(schema, webhook.document, viewer))
    webhook.enable()
    const waiting = { webhook: id, status: WebhookDeliveryStatus.PENDING }
    const now = new Date()
    if (fromNow) {
      const { eventSeq } = await tx.findOneOrFail(Shop, webhook.shop, { refresh: true })
      webhook.seq = eventSeq
      await tx.nativeUpdate(WebhookDelivery, waiting, {
        status: WebhookDeliveryStatus.SKIPPED,
        updatedAt: now,
      })
    } else {
      await tx.nativeUpdate(WebhookDelivery, waiting, { dueAt: now, until: new Date(now.getTime() + day) })
    }
    return webhook
  })
}

/** @throws Refusal WEBHOOK_NOT_FOUND */
export async function deleteWebhook({ em, viewer }: WebhookManager, id: string): Promise<{ id: string }> {
  await em.transactional(async tx => {
    await ownWebhook(tx, viewer, id)
    await tx.nativeDelete(WebhookDelivery, { webhook: id })
    await tx.nativeDelete(Webhook, { id })
  })
  return { id }
}

/**
 * Tries a delivery again for a day, under the same id, however it had ended.
 * @throws Refusal DELIVERY_NOT_FOUND, WEBHOOK_DISABLED
 */
export async function redeliver({ em, viewer }: WebhookManager, id: string): Promise<WebhookDelivery> {
  const path = ['input', 'delivery']
  return em.transactional(async tx => {
    const delivery = await tx.findOne(WebhookDelivery, { id, webhook: { apiKey: viewer.id! } })
    if (!delivery) {
      const sentence =
        'This key has no such delivery, or it was erased. `Webhook.deliveries` lists those it has.'
      return refuse('DELIVERY_NOT_FOUND', sentence, path)
    }
    const webhook = await ownWebhook(tx, viewer, delivery.webhook.id)
    if (!webhook.enabled) {
      refuse('WEBHOOK_DISABLED', `Its webhook is disabled: ${webhook.disabledMessage} Enable it first.`, path)
    }
    await tx.refresh(delivery, { lockMode: LockMode.PESSIMISTIC_WRITE })
    delivery.until = new Date(Date.now() + day)
    if (delivery.status !== WebhookDeliveryStatus.SENDING) {
      delivery.status = WebhookDeliveryStatus.PENDING
      delivery.dueAt = new Date()
    }
    // Who asks for it believes the target to be well.
    webhook.dueAt = null
    return delivery
  })
}
