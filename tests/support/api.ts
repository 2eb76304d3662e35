import { randomBytes } from 'node:crypto'
import type { MikroORM } from '@mikro-orm/sql'
import pg from 'pg'
import pino from 'pino'
import { newKey } from '../../api/auth/key-format.ts'
import { storeKey } from '../../api/auth/keys.ts'
import type { Scope } from '../../api/auth/scopes.ts'
import { type ApiEnv, readApiEnv } from '../../api/env.ts'
import type { EventLog, LogOptions } from '../../api/events/log.ts'
import type { ServerOptions } from '../../api/server.ts'
import type { SmsSenderOptions } from '../../api/sms/sms-sender.ts'
import type { TwilioMessages } from '../../api/sms/twilio-messages.ts'
import { startApi as start, type StartOptions } from '../../api/start.ts'

export const staffPin = '482913'

export const webhookKey = 'a key of the tests, from which signing secrets are made'

/** The PostgreSQL server of this run of the tests; undefined when they run on SQLite. */
export const postgresql = (): string | undefined => process.env.TEST_DATABASE_URL || undefined

/** A new, empty database: SQLite in memory, or one of its own on the PostgreSQL server. */
export function databaseUrl(): string {
  const server = postgresql()
  if (!server) return 'sqlite::memory:'
  const url = new URL(server)
  url.pathname = `/boba_${randomBytes(8).toString('hex')}`
  return url.href
}

/** One statement on the PostgreSQL server, outside of the databases of the tests. */
export async function onServer<Row extends object>(sql: string): Promise<Row[]> {
  const client = new pg.Client(postgresql())
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}

export interface ApiOptions {
  /** `DATABASE_URL`; if omitted a new database, which goes when the api is closed. */
  database?: string
  /** Variables besides the usual ones. */
  env?: Record<string, string>
  log?: LogOptions
  twilio?: TwilioMessages | null
  sms?: Partial<SmsSenderOptions>
  webhooks?: StartOptions['webhooks']
  server?: Partial<ServerOptions>
  onQuery?: (sql: string, params: readonly unknown[]) => void
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
  const database = options.database ?? databaseUrl()
  const env: ApiEnv = readApiEnv({
    DATABASE_URL: database,
    API_PORT: '0',
    STAFF_PIN: staffPin,
    READY_HOLD_SECONDS: '0',
    WEBHOOK_KEY: webhookKey,
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'silent',
    ...options.env,
  })
  const { url, orm, log, close } = await start(env, pino({ level: env.LOG_LEVEL }), {
    database: options.onQuery ? { onQuery: options.onQuery } : {},
    ...(options.log && { log: options.log }),
    sms: { ...options.sms, ...(options.twilio !== undefined && { twilio: options.twilio }) },
    ...(options.server && { server: options.server }),
    ...(options.webhooks && { webhooks: options.webhooks }),
  })

  const ask: TestApi['ask'] = async (query, variables = {}, as) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(as && (as.includes('=') ? { Cookie: as } : { Authorization: `Bearer ${as}` })),
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
      await close()
      if (postgresql() && !options.database) {
        await onServer(`drop database "${new URL(database).pathname.slice(1)}"`)
      }
    },
  }
}
