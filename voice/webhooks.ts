import type { Logger } from 'pino'
import type { Api } from './api.ts'
import type { Calls } from './calls.ts'
import { callIntent, type CallIntent, type EndReason } from './documents.ts'
import type { Metrics } from './metrics.ts'
import type { Patience } from './patience.ts'
import { type Fields, streamToken } from './twilio/signature.ts'
import { connectTwiml, handOverTwiml, hangUpTwiml } from './twilio/twiml.ts'

export interface WebhooksOptions {
  calls: Calls
  api: Api
  /** Signs the tokens that bind a stream to its call. */
  secret: string
  /** The origin Twilio reaches. */
  publicUrl: string
  transferNumber: string | undefined
  patience: Patience
  metrics: Metrics
  logger: Logger
}

const sorry = 'Sorry, we cannot take your order right now.'
const busy = 'All our lines are busy right now. Please call again in a few minutes.'
const nobody = 'Nobody can come to the phone right now. Please ask at the counter or call again later.'

/** What Twilio is answered, by path: TwiML, or nothing. */
export function webhooks(
  options: WebhooksOptions,
): Record<string, (fields: Fields) => string | Promise<string>> {
  const { calls, api, secret, publicUrl, transferNumber, patience, metrics, logger } = options

  const handOver = (sentence: string) =>
    handOverTwiml(sentence, transferNumber, `${publicUrl}/voice/after-dial`)

  async function answerCall({ CallSid, From, To }: Fields): Promise<string> {
    const callSid = String(CallSid)
    const why = calls.refusal(callSid)
    if (why) {
      metrics.refused.inc({ why })
      return handOver(why === 'busy' ? busy : `${sorry} Please call again in a minute.`)
    }
    try {
      await calls.of(callSid, textOf(From), textOf(To))
    } catch (error) {
      metrics.refused.inc({ why: 'api' })
      logger.error({ callSid, err: error }, 'a call could not be started')
      return handOver(`${sorry} Please try again in a few minutes.`)
    }
    return connectTwiml({
      streamUrl: `${publicUrl.replace(/^http/, 'ws')}/twilio`,
      actionUrl: `${publicUrl}/voice/after-stream`,
      statusUrl: `${publicUrl}/voice/stream-status`,
      token: streamToken(secret, callSid),
    })
  }

  /** The call may have ended here, or in another voice process. */
  async function endReasonOf(callSid: string): Promise<EndReason | null> {
    const own = calls.endReason(callSid)
    if (own) return own
    try {
      const { call } = await api.ask<CallIntent>(callIntent, { id: callSid }, { within: patience.answer })
      return call?.endReason ?? null
    } catch {
      logger.warn({ callSid }, 'the api was not there to say how a call goes on')
      return null
    }
  }

  /** How the call goes on after its stream: as it ended, or with an apology when it broke off. */
  async function afterStream({ CallSid }: Fields): Promise<string> {
    switch (await endReasonOf(String(CallSid))) {
      case 'GOODBYE':
      case 'CALLER_HUNG_UP':
      case 'SILENCE':
        return hangUpTwiml()
      case 'BUSY':
        return handOver(busy)
      case 'TOO_LONG':
        return transferNumber ? handOver('One moment please.') : hangUpTwiml()
      case 'SHUTDOWN':
      case 'TRANSFERRED':
        return transferNumber ? handOver('One moment please.') : hangUpTwiml(nobody)
      default:
        return handOver('Sorry, we lost the connection. Whatever you have ordered is safe.')
    }
  }

  function afterDial({ DialCallStatus }: Fields): string {
    const talked = DialCallStatus === 'completed' || DialCallStatus === 'answered'
    return talked ? hangUpTwiml() : hangUpTwiml('Nobody could come to the phone. Please call again later.')
  }

  return {
    '/voice': answerCall,
    '/voice/after-stream': afterStream,
    '/voice/after-dial': afterDial,
    '/voice/stream-status': ({ CallSid, StreamEvent, StreamError }) => {
      if (StreamEvent === 'stream-error')
        logger.error({ callSid: CallSid, StreamError }, 'a media stream failed')
      return ''
    },
    '/voice/status': async ({ CallSid, CallStatus }) => {
      // The only word of a caller who hung up before their sound was connected.
      if (CallStatus === 'completed') await calls.report(String(CallSid), 'CALLER_HUNG_UP')
      return ''
    },
  }
}

const textOf = (field: string | string[] | undefined) => (typeof field === 'string' ? field : undefined)
