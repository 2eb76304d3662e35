import { LockMode } from '@mikro-orm/core'
import type { EntityManager, MikroORM } from '@mikro-orm/sql'
import type { Logger } from 'pino'
import { type Event, EventType } from '../events/event.entity.ts'
import { type EventLog, readEvents, type Transaction } from '../events/log.ts'
import { Reader } from '../events/reader.entity.ts'
import { Order } from '../orders/order.entity.ts'
import { OrderStatus } from '../orders/order-status.ts'
import { Shop } from '../shops/shop.entity.ts'
import { latestText, needsReadyText, wantText } from './ready-text.ts'
import { Sms, SmsKind, SmsStatus } from './sms.entity.ts'
import { tellStaff } from './tell-staff.ts'
import type { TwilioMessages } from './twilio-messages.ts'

const page = 200
const mostAttempts = 8
const atOnce = 5

export interface SmsSenderOptions {
  orm: MikroORM
  log: EventLog
  /** Without an account texts are stored as not sent: practice. */
  twilio: TwilioMessages | null
  logger: Logger
  /** How often the log is looked at without having been woken, in milliseconds. */
  poll?: number
  /** A text that was being sent for longer than this belongs to a process that died, in milliseconds. */
  abandoned?: number
  /** How long to wait before the first retry, doubled with each further one, in milliseconds. */
  backOff?: number
}

/**
 * Reads the event log and sends its texts. Each step is on the disk before the next: first that the text shall go
 * out (with how far the log was read), then that it is being handed over, then what came of it. Whoever finds one
 * being handed over by a process that died asks Twilio before sending it again.
 */
export class SmsSender {
  readonly #options: Required<SmsSenderOptions>
  readonly #stopListening: () => void
  readonly #timer: NodeJS.Timeout
  #running: Promise<void> | undefined
  #again = false
  #open = true

  constructor(options: SmsSenderOptions) {
    this.#options = { poll: 2_000, abandoned: 60_000, backOff: 2_000, ...options }
    this.#stopListening = options.log.onWake(() => this.wake())
    this.#timer = setInterval(() => this.wake(), this.#options.poll)
    this.#timer.unref()
    this.wake()
  }

  wake(): void {
    if (!this.#open) return
    this.#again = true
    this.#running ??= this.#run().finally(() => (this.#running = undefined))
  }

  /** Finishes the text in hand and stops. */
  async close(): Promise<void> {
    this.#open = false
    this.#stopListening()
    clearInterval(this.#timer)
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#again && this.#open) {
      this.#again = false
      try {
        for (const shop of await this.#options.orm.em.fork().find(Shop, {}, { fields: ['id'] })) {
          await this.#collect(shop.id)
        }
        await this.#settleAbandoned()
        await this.#sendDue()
      } catch (error) {
        this.#options.logger.error({ err: error }, 'texts wait: the database did not answer')
      }
    }
  }

  /** From the log to texts that shall go out. */
  async #collect(shop: string): Promise<void> {
    const { orm, log } = this.#options
    const reader = await orm.em.fork().findOne(Reader, { name: 'sms', shop })
    let more = (reader?.seq ?? 0) < (await log.head(shop))
    while (more && this.#open) more = await log.change(orm.em.fork(), tx => this.#collectPage(tx, shop))
  }

  /**
   * Whoever waits here for another process goes on where that one has stopped. All orders are locked before the first
   * event is appended, which locks the shop: others lock an order first and the shop after it.
   * @returns whether there may be more
   */
  async #collectPage({ em, append }: Transaction, shop: string): Promise<boolean> {
    const locked = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const
    await em.upsert(Reader, { name: 'sms', shop, seq: 0 }, { onConflictAction: 'ignore' })
    const reader = await em.findOneOrFail(Reader, { name: 'sms', shop }, locked)
    const events = await readEvents(em, shop, reader.seq, page)
    const texted: Order[] = []
    for (const event of events) {
      const kind = kindOf(event)
      const order = kind && event.order ? await em.findOne(Order, event.order, locked) : null
      if (kind && order?.phone && (await this.#want(em, order, kind))) texted.push(order)
    }
    reader.seq = events.at(-1)?.seq ?? reader.seq
    for (const order of texted) {
      await append(shop, { type: EventType.ORDER_UPDATED, order: order.id, data: order.public })
    }
    return events.length === page
  }

  /** → whether that text is wanted now and was not before */
  async #want(em: EntityManager, order: Order, kind: SmsKind): Promise<boolean> {
    const wanted =
      kind === SmsKind.ORDER_READY
        ? told.includes(order.status) && (await needsReadyText(em, order))
        : !(await latestText(em, order, kind))
    if (!wanted) return false
    const dueAt = (kind === SmsKind.ORDER_READY && order.holdUntil) || new Date()
    // What needs no waiting is settled at once: practice is what most people see first.
    const practice = !this.#options.twilio && dueAt <= new Date()
    await wantText(em, order, kind, { dueAt, status: practice ? SmsStatus.NOT_SENT : SmsStatus.QUEUED })
    if (practice) this.#options.logger.info({ order: order.id, kind }, 'text not sent (practice)')
    return true
  }

  /** Texts left in the middle by a process that died may have gone out: they are looked up first. */
  async #settleAbandoned(): Promise<void> {
    const { orm, abandoned } = this.#options
    const before = new Date(Date.now() - abandoned)
    await orm.em
      .fork()
      .nativeUpdate(
        Sms,
        { status: SmsStatus.SENDING, updatedAt: { $lt: before } },
        { status: SmsStatus.UNKNOWN },
      )
  }

  async #sendDue(): Promise<void> {
    const { twilio } = this.#options
    const due = await this.#options.orm.em.fork().find(
      Sms,
      {
        status: { $in: [SmsStatus.QUEUED, SmsStatus.UNKNOWN] },
        dueAt: { $lte: new Date() },
        // Without its number, which was erased, it can neither be sent nor looked up.
        to: { $ne: null },
      },
      { orderBy: { createdAt: 'asc' }, limit: atOnce },
    )
    const next = firstOfEach(due)
    await Promise.all(next.map(sms => (twilio ? this.#send(sms, twilio) : this.#practise(sms))))
    this.#again ||= due.length === atOnce || next.length < due.length
  }

  async #practise({ id, kind, order, status }: Sms): Promise<void> {
    const { logger, orm } = this.#options
    const practised = { status: SmsStatus.SENDING, updatedAt: new Date() }
    if ((await orm.em.fork().nativeUpdate(Sms, { id, status }, practised)) === 0) return
    logger.info({ order: order.id, kind }, 'text not sent (practice)')
    await this.#settle({ id }, { status: SmsStatus.NOT_SENT })
  }

  async #send(sms: Sms, twilio: TwilioMessages): Promise<void> {
    const { id, to, body, createdAt, status: before } = sms
    const { orm, logger } = this.#options
    const claimed = await orm.em
      .fork()
      .nativeUpdate(
        Sms,
        { id, status: before, dueAt: sms.dueAt },
        { status: SmsStatus.SENDING, attempts: sms.attempts + 1, updatedAt: new Date() },
      )
    // Another process was faster.
    if (claimed === 0 || !to) return
    if (before === SmsStatus.UNKNOWN) {
      try {
        const others = await this.#otherMessages(sms)
        const messageSid = await twilio.find(to, body, createdAt, others)
        if (messageSid) return await this.#settle(sms, { status: SmsStatus.SENT, messageSid })
      } catch {
        logger.warn({ sms: id }, 'Twilio could not be asked whether a text went out')
        return this.#settle(sms, { status: SmsStatus.UNKNOWN, dueAt: this.#later(sms) })
      }
    }
    if (sms.kind === SmsKind.ORDER_READY && !(await this.#isReady(sms.order))) {
      return this.#settle(sms, { status: SmsStatus.WITHDRAWN })
    }
    const outcome = await twilio.send(id, to, body)
    logger.info({ sms: id, outcome: outcome.kind }, 'text handed to Twilio')
    switch (outcome.kind) {
      case 'sent':
        return this.#settle(sms, { status: SmsStatus.SENT, messageSid: outcome.messageSid, errorCode: null })
      case 'refused':
        return this.#settle(sms, { status: SmsStatus.FAILED, errorCode: outcome.code ?? outcome.status })
      case 'again':
        return this.#settle(
          sms,
          sms.attempts + 1 < mostAttempts
            ? { status: SmsStatus.QUEUED, dueAt: this.#later(sms) }
            : { status: SmsStatus.FAILED },
        )
      case 'unknown':
        return this.#settle(sms, { status: SmsStatus.UNKNOWN, dueAt: this.#later(sms) })
    }
  }

  async #isReady({ id }: Order): Promise<boolean> {
    return (await this.#options.orm.em.fork().count(Order, { id, status: { $in: told } })) > 0
  }

  /** Twilio's ids of other texts about the same order: one that was sent again has the same words. */
  async #otherMessages({ id, order }: Sms): Promise<string[]> {
    const others = { order, id: { $ne: id }, messageSid: { $ne: null } }
    const found = await this.#options.orm.em.fork().find(Sms, others, { fields: ['messageSid'] })
    return found.map(({ messageSid }) => messageSid!)
  }

  /** What came of it, with the event that tells staff. */
  async #settle(
    { id }: Pick<Sms, 'id'>,
    outcome: Partial<Pick<Sms, 'status' | 'messageSid' | 'errorCode' | 'dueAt'>>,
  ): Promise<void> {
    const { orm, log } = this.#options
    await log.change(orm.em.fork(), async tx => {
      const sms = await tx.em.findOneOrFail(Sms, id, { lockMode: LockMode.PESSIMISTIC_WRITE })
      // A report from Twilio may have overtaken its own answer.
      if (sms.status === SmsStatus.SENDING) Object.assign(sms, outcome)
      await tellStaff(tx, sms)
    })
  }

  /** At most five minutes, with up to a quarter more so that many do not come back together. */
  #later({ attempts }: Sms): Date {
    const wait = Math.min(this.#options.backOff * 2 ** attempts, 300_000)
    return new Date(Date.now() + wait * (1 + Math.random() / 4))
  }
}

/** Statuses of an order whose guest is to know that it is ready: one that was recalled or cancelled meanwhile is not. */
const told = [OrderStatus.READY, OrderStatus.PICKED_UP]

/** The text an event asks for. */
function kindOf({ type, data }: Event): SmsKind | undefined {
  if (type === EventType.ORDER_CREATED) return SmsKind.ORDER_RECEIVED
  const ready = type === EventType.ORDER_STATUS_CHANGED && data?.status === OrderStatus.READY
  return ready ? SmsKind.ORDER_READY : undefined
}

/** One text of each order: a guest who is thanked after being told that it is ready has read nonsense. */
const firstOfEach = (due: Sms[]) =>
  [...Map.groupBy(due, ({ order }) => order.id).values()].map(
    // Two may be of the same millisecond, and nothing comes before the thanks.
    texts => texts.find(({ kind }) => kind === SmsKind.ORDER_RECEIVED) ?? texts[0]!,
  )
