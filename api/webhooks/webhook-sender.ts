import { LockMode } from '@mikro-orm/core'
import type { MikroORM } from '@mikro-orm/sql'
import type { DocumentNode, GraphQLSchema } from 'graphql'
import type { Logger } from 'pino'
import { ApiKey } from '../auth/api-key.entity.ts'
import type { Viewer } from '../auth/viewer.ts'
import { Refusal } from '../carts/refusal.ts'
import type { Context } from '../context.ts'
import { type EventLog, readEvents } from '../events/log.ts'
import { Shop } from '../shops/shop.entity.ts'
import { bodyOf, fitDocument } from './payload.ts'
import { post, type Posted } from './post.ts'
import { type Settled, settle } from './settle.ts'
import { signedHeaders } from './signatures.ts'
import type { Targets } from './targets.ts'
import { Webhook, WebhookDisabledReason } from './webhook.entity.ts'
import { WebhookDelivery, WebhookDeliveryStatus, WebhookOutcome } from './webhook-delivery.entity.ts'

/** Events turned into deliveries in one transaction. */
const page = 100
/** Deliveries of one webhook that are posted at once; one whose target fails is only probed. */
const atOnce = 4

const day = 24 * 60 * 60_000

export interface WebhookSenderOptions {
  orm: MikroORM
  log: EventLog
  schema: GraphQLSchema
  contextOf: (viewer: Viewer) => Context
  /** From which the signing secrets are derived. */
  key: string
  targets: Targets
  logger: Logger
  /** How often the log is looked at without having been woken, in milliseconds. */
  poll?: number
  /** How long to wait before the first retry, doubled with each further one, in milliseconds. */
  backOff?: number
  /** How long a try may take, in milliseconds. */
  timeout?: number
  /** A delivery that was being posted for longer than this belongs to a process that died, in milliseconds. */
  abandoned?: number
  /** How long a delivery is tried, and how long a target may fail until its webhook is disabled, in milliseconds. */
  giveUp?: number
}

/**
 * Reads the event log for every webhook and posts its events. Each step is on the disk before the next: that an event
 * shall go out (with how far the log was read), that it is being posted, what came of it. What a process that died was
 * posting is posted again, under the same id: at least once, and never lost. Each webhook has its own tries at once,
 * so that none waits for another one's target.
 */
export class WebhookSender {
  readonly #options: Required<WebhookSenderOptions>
  readonly #stop = new AbortController()
  readonly #stopListening: () => void
  readonly #timer: NodeJS.Timeout
  /** By webhook: what this process is posting. */
  readonly #posting = new Map<string, Set<Promise<void>>>()
  /** By webhook: its document as it was last checked, for those scopes. */
  readonly #fitted = new Map<string, { text: string | null; scopes: string; document: DocumentNode }>()
  #running: Promise<void> | undefined
  #again = false
  #rechecked = false

  constructor(options: WebhookSenderOptions) {
    this.#options = {
      poll: 1_000,
      backOff: 5_000,
      timeout: 10_000,
      abandoned: 60_000,
      giveUp: day,
      ...options,
    }
    this.#stopListening = options.log.onWake(() => this.wake())
    this.#timer = setInterval(() => this.wake(), this.#options.poll)
    this.#timer.unref()
    this.wake()
  }

  wake(): void {
    if (this.#stop.signal.aborted) return
    this.#again = true
    this.#running ??= this.#run().finally(() => (this.#running = undefined))
  }

  /** Breaks off what is being posted, notes that, and stops. */
  async close(): Promise<void> {
    this.#stopListening()
    clearInterval(this.#timer)
    this.#stop.abort()
    await this.#running
    await Promise.all([...this.#posting.values()].flatMap(posting => [...posting]))
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#stop.signal.aborted) {
      this.#again = false
      try {
        await this.#round()
      } catch (error) {
        this.#options.logger.error({ err: error }, 'webhooks wait: the database did not answer')
      }
    }
  }

  async #round(): Promise<void> {
    const em = this.#options.orm.em.fork()
    const webhooks = await em.find(Webhook, { disabledAt: null })
    if (webhooks.length === 0) return
    if (!this.#rechecked) {
      for (const webhook of webhooks) await this.#fit(webhook)
      this.#rechecked = true
    }
    await this.#takeBackAbandoned()
    for (const { id, eventSeq } of await em.find(Shop, {}, { fields: ['id', 'eventSeq'] })) {
      let more = webhooks.some(({ shop, seq }) => shop === id && seq < eventSeq)
      while (more && !this.#stop.signal.aborted) more = await this.#collect(id, eventSeq)
    }
    await this.#postDue(webhooks)
  }

  /**
   * From the log to deliveries, for all webhooks of a shop that are behind, in one transaction. Several processes do so
   * one after the other.
   * @returns whether there may be more
   */
  #collect(shop: string, head: number): Promise<boolean> {
    const { orm, giveUp } = this.#options
    return orm.em.fork().transactional(async em => {
      const behind = { shop, disabledAt: null, seq: { $lt: head } }
      const inOrder = { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const
      const webhooks = await em.find(Webhook, behind, inOrder)
      if (webhooks.length === 0) return false
      const events = await readEvents(em, shop, Math.min(...webhooks.map(({ seq }) => seq)), page)
      const until = new Date(Date.now() + giveUp)
      for (const webhook of webhooks) {
        for (const { type, seq, order, at } of events.filter(event => event.seq > webhook.seq)) {
          if (webhook.eventTypes.includes(type)) {
            em.create(WebhookDelivery, { webhook, type, seq, order, at, until })
          }
          webhook.seq = seq
        }
      }
      return events.length === page
    })
  }

  async #takeBackAbandoned(): Promise<void> {
    const { orm, abandoned } = this.#options
    const updatedAt = { $lt: new Date(Date.now() - abandoned) }
    await orm.em
      .fork()
      .nativeUpdate(
        WebhookDelivery,
        { status: WebhookDeliveryStatus.SENDING, updatedAt },
        { status: WebhookDeliveryStatus.PENDING, updatedAt: new Date() },
      )
  }

  async #postDue(webhooks: Webhook[]): Promise<void> {
    const now = new Date()
    const due = { status: WebhookDeliveryStatus.PENDING, dueAt: { $lte: now } }
    const em = this.#options.orm.em.fork()
    const rows = await em.createQueryBuilder(WebhookDelivery).select('webhook', true).where(due).execute()
    const waiting = new Set<unknown>(rows.map(({ webhook }) => webhook))
    for (const webhook of webhooks) {
      const { id, dueAt, failingSince } = webhook
      if (!waiting.has(id) || (dueAt && dueAt > now)) continue
      const free = (failingSince ? 1 : atOnce) - (this.#posting.get(id)?.size ?? 0)
      if (free <= 0) continue
      const oldest = { orderBy: { dueAt: 'asc', seq: 'asc' }, limit: free } as const
      const deliveries = await em.find(WebhookDelivery, { webhook: id, ...due }, oldest)
      for (const delivery of deliveries) this.#start(webhook, delivery, deliveries.length === free)
    }
  }

  #start(webhook: Webhook, delivery: WebhookDelivery, moreWait: boolean): void {
    const posting = this.#posting.get(webhook.id) ?? new Set()
    const trying = this.#try(webhook, delivery).finally(() => {
      posting.delete(trying)
      if (posting.size === 0) this.#posting.delete(webhook.id)
      if (moreWait) this.wake()
    })
    this.#posting.set(webhook.id, posting.add(trying))
  }

  async #try(webhook: Webhook, delivery: WebhookDelivery): Promise<void> {
    const { orm, logger } = this.#options
    const { id, dueAt } = delivery
    const begun = new Date()
    try {
      const tries = delivery.tries + 1
      const claimed = await orm.em
        .fork()
        .nativeUpdate(
          WebhookDelivery,
          { id, status: WebhookDeliveryStatus.PENDING, dueAt, tries: delivery.tries },
          { status: WebhookDeliveryStatus.SENDING, tries, updatedAt: begun },
        )
      // Another process was faster.
      if (claimed === 0) return
      const posted = await this.#post(webhook, delivery)
      await this.#settle({ webhook: webhook.id, delivery: id, tries, begun, posted })
      const { outcome, status, durationMs } = posted ?? {}
      logger.info({ webhook: webhook.id, delivery: id, outcome, status, durationMs }, 'webhook tried')
    } catch (error) {
      logger.error(
        { err: error, delivery: id },
        'what came of a webhook could not be noted: it is tried again',
      )
    }
  }

  /** → undefined when there is nothing to be posted for it any more */
  async #post({ id }: Webhook, delivery: WebhookDelivery): Promise<Posted | undefined> {
    const { orm, targets, timeout, key, schema, contextOf, logger } = this.#options
    // Looked at anew now that the delivery is claimed: it may have been disabled since it was found.
    const webhook = await orm.em.fork().findOne(Webhook, id)
    if (!webhook?.enabled) return undefined
    const fitted = await this.#fit(webhook)
    if (!fitted) return undefined
    let body: string
    try {
      body = await bodyOf(schema, fitted.document, contextOf(fitted.viewer), delivery)
    } catch (error) {
      logger.error({ err: error, webhook: webhook.id, delivery: delivery.id }, 'a payload could not be read')
      return { outcome: WebhookOutcome.INTERNAL_ERROR, status: null, durationMs: 0, retryAfter: 0 }
    }
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(body)),
      'User-Agent': 'BobaRista-Webhooks',
      ...signedHeaders(key, webhook, delivery.id, body),
    }
    return post({ url: webhook.url, headers, body }, { targets, timeout, stop: this.#stop.signal })
  }

  /** What a webhook may be told, as its key's scopes and the schema are now; one that may be told nothing is disabled. */
  async #fit({ id, apiKey, document }: Webhook) {
    const { orm, schema } = this.#options
    const row = await orm.em.fork().findOne(ApiKey, { id: apiKey, revokedAt: null })
    if (!row) {
      const message =
        'The API key that registered this webhook was revoked. Register it anew with another key.'
      return this.#disable(id, WebhookDisabledReason.KEY_REVOKED, message)
    }
    const viewer: Viewer = {
      kind: 'API_KEY',
      id: row.id,
      proof: null,
      name: row.name,
      scopes: new Set(row.scopes),
    }
    const known = this.#fitted.get(id)
    const scopes = row.scopes.join()
    if (known?.text === document && known.scopes === scopes) return { viewer, document: known.document }
    try {
      const fitted = fitDocument(schema, document, viewer)
      this.#fitted.set(id, { text: document, scopes, document: fitted })
      return { viewer, document: fitted }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const message = `Its document no longer fits: ${error.message} Update it, then enable the webhook.`
      return this.#disable(id, WebhookDisabledReason.DOCUMENT_UNFIT, message)
    }
  }

  async #disable(id: string, reason: WebhookDisabledReason, message: string): Promise<undefined> {
    const { orm, logger } = this.#options
    await orm.em.fork().transactional(async em => {
      const webhook = await em.findOne(Webhook, id, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
      if (webhook?.enabled) webhook.disable(reason, message)
    })
    logger.warn({ webhook: id, reason }, 'a webhook was disabled')
  }

  async #settle(settled: Settled): Promise<void> {
    const { orm, logger, backOff, giveUp } = this.#options
    const disabled = await orm.em.fork().transactional(em => settle(em, settled, { backOff, giveUp }))
    if (disabled) logger.warn({ webhook: settled.webhook, reason: disabled }, 'a webhook was disabled')
  }
}
