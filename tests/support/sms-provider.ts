import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Inbox } from './inbox.ts'

/** A message that Twilio has taken. */
export interface Message {
  sid: string
  to: string
  from: string
  body: string
  statusCallback: string | null
  dateCreated: Date
}

/**
 * What Twilio does with a message: take it; refuse it with a status and an error code (5xx: the sender cannot know);
 * never answer; break the connection; take it and break the connection, or answer 500, all the same.
 */
export type Behaviour =
  'take' | { status: number; code: number | null } | 'hang' | 'drop' | 'take and drop' | 'take and fail'

export interface ProviderOptions {
  /** How it treats a message that somebody sends, once that is known. As `behave` says if omitted. */
  treat?: (to: string, body: string) => Behaviour
  /** Called with a message that it has taken, before it answers. */
  taken?: (message: Message) => void
  /** Called when somebody waits no longer for an answer that does not come. */
  givenUp?: () => void
  /** Called when it has answered that it has taken one, or has broken the connection. */
  answered?: () => void
  /** Whether it answers a look-up, or with 500. It does if omitted. */
  looksUp?: () => boolean
}

export interface SmsProvider {
  url: string
  /** The variables that make the api text through it. */
  env: Record<string, string>
  /** All messages taken, oldest first. */
  messages: Message[]
  /** The next message taken that was not waited for yet. */
  next(): Promise<Message>
  /** How often somebody has tried to send, and to look messages up. */
  attempts: { send: number; list: number }
  /** How it treats the next messages, one each; it takes all after them. */
  behave(...next: Behaviour[]): void
  close(): Promise<void>
}

/**
 * Plays the part of Twilio's REST API that sends and finds messages, as www.twilio.com/docs/messaging/api/message-resource
 * describes it.
 */
export async function startSmsProvider(options: ProviderOptions = {}): Promise<SmsProvider> {
  const accountSid = `AC${randomBytes(16).toString('hex')}`
  const authToken = randomBytes(16).toString('hex')
  const messages: Message[] = []
  const taken = new Inbox<Message>()
  const behaviours: Behaviour[] = []
  const attempts = { send: 0, list: 0 }

  const answer = (response: ServerResponse, status: number, body: object) =>
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))

  const refuse = (response: ServerResponse, status: number, code: number | null) =>
    answer(response, status, { code, message: 'refused', more_info: '', status })

  const resource = ({ sid, to, from, body, dateCreated }: Message) => ({
    sid,
    account_sid: accountSid,
    to,
    from,
    body,
    status: 'queued',
    date_created: dateCreated.toUTCString(),
    date_sent: dateCreated.toUTCString(),
    date_updated: dateCreated.toUTCString(),
    error_code: null,
    error_message: null,
    uri: `/2010-04-01/Accounts/${accountSid}/Messages/${sid}.json`,
  })

  function take(fields: URLSearchParams): Message {
    const message = {
      sid: `SM${randomBytes(16).toString('hex')}`,
      to: fields.get('To')!,
      from: fields.get('From')!,
      body: fields.get('Body')!,
      statusCallback: fields.get('StatusCallback'),
      dateCreated: new Date(Math.floor(Date.now() / 1_000) * 1_000),
    }
    messages.push(message)
    taken.push(message)
    return message
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://localhost')
    const fields = new URLSearchParams(await text(request))
    if (url.pathname !== `/2010-04-01/Accounts/${accountSid}/Messages.json`)
      return void refuse(response, 404, 20404)
    const credentials = Buffer.from(`${accountSid}:${authToken}`).toString('base64')
    const known = request.headers.authorization === `Basic ${credentials}`
    if (request.method === 'GET') {
      attempts.list += 1
      if (!known) return void refuse(response, 401, 20003)
      if (options.looksUp?.() === false) return void refuse(response, 500, null)
      const to = url.searchParams.get('To')
      // Whole days of GMT, and the day itself is one of them.
      const since = new Date(url.searchParams.get('DateSent>') ?? 0)
      const found = messages.filter(each => each.to === to && each.dateCreated >= since).reverse()
      answer(response, 200, { messages: found.map(resource), page: 0, page_size: 50, next_page_uri: null })
      return
    }
    attempts.send += 1
    if (!known) return void refuse(response, 401, 20003)
    const behaviour = options.treat?.(fields.get('To')!, fields.get('Body')!) ?? behaviours.shift() ?? 'take'
    if (behaviour === 'hang') return void response.once('close', () => options.givenUp?.())
    if (behaviour === 'drop') return void response.destroy()
    if (typeof behaviour === 'object') return void refuse(response, behaviour.status, behaviour.code)
    const message = take(fields)
    options.taken?.(message)
    if (behaviour === 'take and drop') response.destroy()
    else if (behaviour === 'take and fail') refuse(response, 500, null)
    else answer(response, 201, resource(message))
    options.answered?.()
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    env: {
      TWILIO_ACCOUNT_SID: accountSid,
      TWILIO_AUTH_TOKEN: authToken,
      TWILIO_FROM_NUMBER: '+15550100000',
      TWILIO_API_BASE: url,
    },
    messages,
    next: () => taken.next(),
    attempts,
    behave: (...next) => void behaviours.push(...next),
    close: async () => {
      server.close()
      server.closeAllConnections()
      taken.close('the provider is gone')
      await Promise.resolve()
    },
  }
}
