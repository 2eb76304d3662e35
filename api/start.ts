import { findPackageJSON } from 'node:module'
import { resolve as resolvePath } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { MikroORM } from '@mikro-orm/sql'
import type { Logger } from 'pino'
import { StartError } from '../env.ts'
import { storeVoiceKey } from './auth/keys.ts'
import { Staff } from './auth/staff.ts'
import { PracticeLine } from './calls/practice-line.ts'
import { type DatabaseOptions, openDatabase } from './database.ts'
import type { ApiEnv } from './env.ts'
import { EventLog, type LogOptions } from './events/log.ts'
import { listenToNotifications } from './events/notifications.ts'
import { seed } from './menu/seed.ts'
import { keepHouse } from './retention.ts'
import { type ServerOptions, startServer } from './server.ts'
import { keepLifting } from './shops/lift.ts'
import { SmsSender, type SmsSenderOptions } from './sms/sms-sender.ts'
import { TwilioMessages } from './sms/twilio-messages.ts'
import { type TargetOptions, Targets } from './webhooks/targets.ts'
import { WebhookSender, type WebhookSenderOptions } from './webhooks/webhook-sender.ts'

/** What only a test says otherwise. */
export interface StartOptions {
  database?: DatabaseOptions
  log?: LogOptions
  sms?: Partial<SmsSenderOptions>
  server?: Partial<ServerOptions>
  webhooks?: Partial<WebhookSenderOptions> & Partial<TargetOptions>
}

/** A running api. */
export interface Api {
  url: string
  orm: MikroORM
  log: EventLog
  /** Ends every request and socket, finishes the text in hand, closes the database. */
  close: () => Promise<void>
}

/**
 * Opens the database, fills an empty one from the menu file, and starts everything that works on it.
 * @throws StartError when the database, the menu file or the port cannot be used
 */
export async function startApi(env: ApiEnv, logger: Logger, options: StartOptions = {}): Promise<Api> {
  const orm = await openDatabase(env.DATABASE_URL, {
    onMessage: message => logger.warn({ source: 'orm' }, message),
    fill: async em => {
      await seed(em, env.MENU_FILE)
      if (env.VOICE_API_KEY) await storeVoiceKey(em.fork(), env.VOICE_API_KEY)
    },
    ...options.database,
  })
  let stopListening: (() => Promise<void>) | undefined
  try {
    const log = new EventLog(orm, options.log)
    if (!env.DATABASE_URL.startsWith('sqlite:')) {
      const wake = (shop?: string) => log.wake(shop)
      stopListening = await listenToNotifications({ url: env.DATABASE_URL, wake, logger })
    }
    const { resolve, allowPrivate = env.WEBHOOK_ALLOW_PRIVATE, ...sending } = options.webhooks ?? {}
    const targets = new Targets({ allowPrivate, resolve })
    const server = await startServer({
      orm,
      log,
      staff: new Staff(orm, env.STAFF_PIN),
      logger,
      port: env.API_PORT,
      host: env.HOST,
      webhooks: { targets, key: env.WEBHOOK_KEY },
      readyHold: env.READY_HOLD_SECONDS * 1_000,
      introspection: env.NODE_ENV !== 'production',
      allowedOrigins: env.PUBLIC_URL ? [env.PUBLIC_URL] : [],
      publicUrl: env.PUBLIC_URL,
      rateLimitFactor: env.RATE_LIMIT_FACTOR,
      ...(env.TRUST_PROXY && { trustProxy: env.TRUST_PROXY }),
      corsOrigins: env.CORS_ORIGINS,
      screensFolder: screensFolderOf(env),
      practiceLine: practiceLineOf(env),
      ...(env.TWILIO_AUTH_TOKEN &&
        env.PUBLIC_URL && { twilio: { authToken: env.TWILIO_AUTH_TOKEN, publicUrl: env.PUBLIC_URL } }),
      ...options.server,
    })
    const stopKeeping = keepHouse(orm, env.RETENTION_DAYS, logger)
    const stopLifting = keepLifting(orm, log, logger)
    const sender = new SmsSender({
      orm,
      log,
      twilio: accountOf(env),
      logger,
      poll: env.SMS_RETRY_SECONDS * 1_000,
      backOff: env.SMS_RETRY_SECONDS * 1_000,
      abandoned: env.SMS_RECHECK_SECONDS * 1_000,
      ...options.sms,
    })
    const { schema, contextOf } = server
    const webhooks =
      env.WEBHOOK_KEY &&
      new WebhookSender({ orm, log, schema, contextOf, key: env.WEBHOOK_KEY, targets, logger, ...sending })
    return {
      url: server.url,
      orm,
      log,
      close: async () => {
        await server.close()
        await sender.close()
        if (webhooks) await webhooks.close()
        await stopLifting()
        await stopKeeping()
        await stopListening?.()
        await orm.close(true)
      },
    }
  } catch (error) {
    await stopListening?.()
    await orm.close(true)
    throw unusablePort(error, env) ?? error
  }
}

/** Nothing is made up in production, and nothing that would text anybody. */
function practiceLineOf(env: ApiEnv): PracticeLine | null {
  if (env.NODE_ENV === 'production' || env.TWILIO_ACCOUNT_SID) return null
  const host = ['0.0.0.0', '::'].includes(env.HOST) ? '127.0.0.1' : env.HOST
  const url = env.VOICE_URL ?? `http://${host.includes(':') ? `[${host}]` : host}:${env.VOICE_PORT}`
  return new PracticeLine(url, env.VOICE_API_KEY)
}

/** The longest a request to Twilio may take, in milliseconds. */
const twilioTimeout = 8_000

function accountOf(env: ApiEnv): TwilioMessages | null {
  const { TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM_NUMBER, TWILIO_API_BASE, PUBLIC_URL } = env
  if (!TWILIO_ACCOUNT_SID || !TWILIO_AUTH_TOKEN || !TWILIO_FROM_NUMBER) return null
  return new TwilioMessages({
    accountSid: TWILIO_ACCOUNT_SID,
    authToken: TWILIO_AUTH_TOKEN,
    from: TWILIO_FROM_NUMBER,
    // Looking a text up and handing it over are two requests, which are over before anybody takes it for abandoned.
    timeout: Math.min(twilioTimeout, (env.SMS_RECHECK_SECONDS * 1_000) / 3),
    ...(TWILIO_API_BASE && { apiBase: TWILIO_API_BASE }),
    ...(PUBLIC_URL && { statusCallback: `${PUBLIC_URL}/sms/status` }),
  })
}

/** `dist/clients` of the project, wherever this file was compiled to and whatever folder it is started in. */
function screensFolderOf({ SCREENS_FOLDER }: ApiEnv): URL {
  const root = findPackageJSON(import.meta.url) ?? 'package.json'
  const folder = SCREENS_FOLDER ?? resolvePath(root, '../dist/clients')
  return pathToFileURL(`${resolvePath(folder)}/`)
}

function unusablePort(error: unknown, { HOST, API_PORT }: ApiEnv): StartError | undefined {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new StartError(
        `Port ${API_PORT} of ${HOST} is taken. Stop the program that has it, or set API_PORT to a free one.`,
      )
    case 'EACCES':
      return new StartError(`Port ${API_PORT} needs special rights. Set API_PORT to one above 1023.`)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartError(`${HOST} is no address of this machine. Set HOST to 127.0.0.1 or 0.0.0.0.`)
    default:
      return undefined
  }
}
