import type { MikroORM } from '@mikro-orm/sql'
import pino from 'pino'
import { newKey, storeKey } from '../../api/auth/keys.ts'
import type { Scope } from '../../api/auth/scopes.ts'
import { Staff } from '../../api/auth/staff.ts'
import { openDatabase } from '../../api/database.ts'
import { EventLog, type LogOptions } from '../../api/events/log.ts'
import { seed } from '../../api/menu/seed.ts'
import { startServer, type ServerOptions } from '../../api/server.ts'
import { SmsSender } from '../../api/sms/sms-sender.ts'
import type { TwilioMessages } from '../../api/sms/twilio-messages.ts'

export const staffPin = '482913'

export interface ApiOptions {
  /** `DATABASE_URL`; a new SQLite database in memory if omitted. */
  database?: string
  log?: LogOptions
  twilio?: TwilioMessages | null
  server?: Partial<ServerOptions>
  onQuery?: (sql: string) => void
}

export interface Answer<Data> {
  status: number
  headers: Headers
  data: Data
  errors?: { message: string; path?: (string | number)[]; extensions: { code: string; requestId: string } }[]
}

/** The real api on a free port, with the seed menu. */
export interface TestApi {
  url: string
  orm: MikroORM
  log: EventLog
  /** A new API key with these scopes. */
  key(...scopes: Scope[]): Promise<string>
  /** The value of a Cookie header for a signed-in console. */
  signIn(): Promise<string>
  /** Posts a document. `as` is an API key or a Cookie header. */
  ask<Data = Record<string, never>>(
    query: string,
    variables?: Record<string, unknown>,
    as?: string,
  ): Promise<Answer<Data>>
  close(): Promise<void>
}

export async function startApi(options: ApiOptions = {}): Promise<TestApi> {
  const logger = pino({ level: process.env.LOG_LEVEL ?? 'silent' })
  const orm = await openDatabase(options.database ?? 'sqlite::memory:', {
    ...(options.onQuery && { onQuery: options.onQuery }),
  })
  await seed(orm.em.fork(), 'menu.json')
  const log = new EventLog(orm, options.log)
  const sender = new SmsSender({ orm, log, twilio: options.twilio ?? null, logger })
  const server = await startServer({
    orm,
    log,
    staff: new Staff(orm, staffPin),
    logger,
    port: 0,
    host: '127.0.0.1',
    introspection: true,
    ...options.server,
  })
  const { url } = server

  const ask: TestApi['ask'] = async (query, variables = {}, as) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(as && (as.startsWith('boba_') ? { Authorization: `Bearer ${as}` } : { Cookie: as })),
      },
      body: JSON.stringify({ query, variables }),
    })
    return { status: response.status, headers: response.headers, ...(await response.json()) }
  }

  return {
    url,
    orm,
    log,
    ask,
    async key(...scopes) {
      const key = newKey()
      await storeKey(orm.em.fork(), key, 'Test', scopes)
      return key
    },
    async signIn() {
      const { headers } = await ask(`mutation { signIn(pin: "${staffPin}") { __typename } }`)
      return headers.get('Set-Cookie')!.split(';')[0]!
    },
    async close() {
      await server.close()
      await sender.close()
      await orm.close(true)
    },
  }
}
