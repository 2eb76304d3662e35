import twilio from 'twilio'
import RequestClient from 'twilio/lib/base/RequestClient.js'

export interface TwilioAccount {
  accountSid: string
  authToken: string
  /** The sender's number, E.164. */
  from: string
  /** Another origin than https://api.twilio.com, for tests. */
  apiBase?: string
  /** Where Twilio reports what becomes of a message, with `?sms=` and its id; absent when it cannot reach us. */
  statusCallback?: string
  /** How long a request may take, in milliseconds. */
  timeout?: number
}

/** What became of one attempt to hand a text to Twilio. Nothing of the request is in it: that holds credentials. */
export type Outcome =
  | { kind: 'sent'; messageSid: string }
  /** Refused for good. */
  | { kind: 'refused'; code: number | null; status: number | null }
  /** Certainly not sent: may be tried again. */
  | { kind: 'again' }
  /** Nobody knows: look it up before sending again. */
  | { kind: 'unknown' }

/** Before the request was sent, so that sending again cannot send twice. */
const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'])

/** How far Twilio's clock may be from ours, in milliseconds. */
const clockSkew = 60_000

/** Texts through the Twilio account of the shop. */
export class TwilioMessages {
  readonly #client: twilio.Twilio
  readonly #account: TwilioAccount

  constructor(account: TwilioAccount) {
    this.#account = account
    const { apiBase, timeout = 8_000 } = account
    const httpClient = new (class extends RequestClient {
      override request<T>(options: RequestClient.RequestOptions<T>) {
        const uri = apiBase ? options.uri.replace(/^https:\/\/api\.twilio\.com/, apiBase) : options.uri
        return super.request<T>({ ...options, uri, timeout })
      }
    })({ timeout })
    this.#client = twilio(account.accountSid, account.authToken, { httpClient })
  }

  /**
   * Hands a text to Twilio. Never throws.
   * @param id ours, by which reports name it: one may come before Twilio's own id of it is known here
   */
  async send(id: string, to: string, body: string): Promise<Outcome> {
    const { from, statusCallback } = this.#account
    try {
      const message = await this.#client.messages.create({
        to,
        from,
        body,
        ...(statusCallback && { statusCallback: `${statusCallback}?sms=${id}` }),
      })
      return { kind: 'sent', messageSid: message.sid }
    } catch (error) {
      return outcomeOf(error)
    }
  }

  /**
   * Looks for a text that may have been sent: the message to that number with those words since a time.
   * @param others ids of messages that are known to be others
   * → its id, null when there is none
   * @throws when Twilio cannot be asked
   */
  async find(to: string, body: string, since: Date, others: string[]): Promise<string | null> {
    try {
      // Twilio compares whole days of GMT and counts seconds by a clock of its own, so the time is checked here.
      const from = new Date(since.getTime() - clockSkew)
      const messages = await this.#client.messages.list({ to, dateSentAfter: dayOf(from), limit: 100 })
      const found = messages.find(
        message => message.body === body && message.dateCreated >= from && !others.includes(message.sid),
      )
      return found?.sid ?? null
    } catch {
      // The original holds the account's credentials.
      throw new Error('Twilio could not be asked about a message')
    }
  }
}

const dayOf = (at: Date) => new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()))

function outcomeOf(error: unknown): Outcome {
  const { status, code } = error as { status?: number; code?: number | string }
  if (typeof code === 'string') return neverSent.has(code) ? { kind: 'again' } : { kind: 'unknown' }
  if (status === 429) return { kind: 'again' }
  if (status !== undefined && status >= 400 && status < 500)
    return { kind: 'refused', code: code ?? null, status }
  return { kind: 'unknown' }
}
