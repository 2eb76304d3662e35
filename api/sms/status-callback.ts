import { LockMode } from '@mikro-orm/core'
import type { MikroORM } from '@mikro-orm/sql'
import type Koa from 'koa'
import twilio from 'twilio'
import type { EventLog } from '../events/log.ts'
import { Sms, SmsStatus } from './sms.entity.ts'
import { tellStaff } from './tell-staff.ts'

/** Where Twilio's words for a message stand in ours. Words that are not listed tell us nothing. */
const statuses: Record<string, SmsStatus> = {
  accepted: SmsStatus.SENT,
  scheduled: SmsStatus.SENT,
  queued: SmsStatus.SENT,
  sending: SmsStatus.SENT,
  sent: SmsStatus.SENT,
  delivered: SmsStatus.DELIVERED,
  read: SmsStatus.DELIVERED,
  undelivered: SmsStatus.UNDELIVERED,
  failed: SmsStatus.UNDELIVERED,
}

/** Reports may come twice and in any order; what is final stays. */
const final: SmsStatus[] = [SmsStatus.DELIVERED, SmsStatus.UNDELIVERED, SmsStatus.FAILED]

const largestBody = 16_384

export interface CallbackOptions {
  orm: MikroORM
  log: EventLog
  twilio?: { authToken: string; publicUrl: string }
}

/** POST /sms/status: Twilio tells what became of a text. 403 to anyone else. */
export async function smsStatusCallback(
  ctx: Koa.Context,
  { orm, log, twilio: account }: CallbackOptions,
): Promise<void> {
  if (ctx.method !== 'POST') {
    ctx.status = 405
    ctx.set('Allow', 'POST')
    return
  }
  const fields = Object.fromEntries(new URLSearchParams(await bodyOf(ctx.req)))
  const signature = ctx.get('X-Twilio-Signature')
  if (
    !account ||
    !twilio.validateRequest(account.authToken, signature, account.publicUrl + ctx.url, fields)
  ) {
    ctx.status = 403
    ctx.body = 'This is not signed by the Twilio account of this shop.'
    return
  }
  const { MessageSid, MessageStatus = '', ErrorCode } = fields
  const status = statuses[MessageStatus]
  ctx.status = 204
  if (!MessageSid || !status) return
  await log.change(orm.em.fork(), async tx => {
    const sms = await tx.em.findOne(
      Sms,
      { id: String(ctx.query.sms ?? '') },
      { lockMode: LockMode.PESSIMISTIC_WRITE },
    )
    if (!sms || final.includes(sms.status) || sms.status === status) return
    sms.status = status
    sms.messageSid = MessageSid
    sms.errorCode = ErrorCode ? Number(ErrorCode) : null
    await tellStaff(tx, sms)
  })
}

async function bodyOf(request: AsyncIterable<Buffer>): Promise<string> {
  let body = ''
  for await (const chunk of request) {
    body += chunk.toString()
    if (body.length > largestBody) return ''
  }
  return body
}
