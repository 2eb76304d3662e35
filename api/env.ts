import { z } from 'zod'
import { readEnv } from '../env.ts'
import { readProxies } from './limits/address.ts'

/** Where the tables are: the one variable that the command lines read too. */
export const databaseShape = {
  DATABASE_URL: z
    .string()
    .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)$/, 'is neither "sqlite:FILE" nor "postgres://…"')
    .default('sqlite:data/bobarista.db'),
}

const origin = z
  .url({ protocol: /^https?$/, error: 'is no address such as https://boba.example.com' })
  .transform(url => new URL(url).origin)

const proxies = z.string().transform((list, { addIssue }) => {
  try {
    return readProxies(list)
  } catch {
    addIssue('is no list of addresses such as "loopback" or "10.0.0.2, 192.168.0.0/16"')
    return z.NEVER
  }
})

/** Several origins, comma separated; none if omitted. */
const origins = z
  .string()
  .default('')
  .transform(list =>
    list
      .split(',')
      .map(each => each.trim())
      .filter(Boolean),
  )
  .pipe(z.array(origin))

const seconds = (least: number) =>
  z.coerce.number('is no number of seconds').min(least, `is less than ${least} seconds`)

const port = z.coerce.number('is no port').int('is no port').min(0, 'is no port').max(65_535, 'is no port')

const neededIf = <T extends z.ZodType>(needed: boolean, type: T) =>
  (needed ? type : type.optional()) as z.ZodOptional<T>

const account = ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_FROM_NUMBER']
const halfAnAccount = `is missing: set all of ${account.join(', ')}, or none`

/**
 * Every variable the api reads.
 * @throws StartError naming every variable that is wrong
 */
export function readApiEnv(source: Record<string, string | undefined>) {
  // Half an account would text nobody and say nothing.
  const texting = account.some(name => source[name])
  const production = source.NODE_ENV === 'production'
  return readEnv(
    {
      ...databaseShape,
      NODE_ENV: z.string().default('development'),
      HOST: z.string().default('127.0.0.1'),
      API_PORT: port.default(4_000),
      VOICE_PORT: port.default(5_000),
      VOICE_URL: origin.optional(),
      PUBLIC_URL: origin.optional(),
      TRUST_PROXY: proxies.optional(),
      RATE_LIMIT_FACTOR: z.coerce
        .number('is no number')
        .min(0.01, 'is less than 0.01')
        .max(1_000, 'is more than 1000')
        .default(1),
      CORS_ORIGINS: origins,
      STAFF_PIN: z
        .string('is missing: set the PIN that opens the console, or let `npm start` make one up')
        .min(4, 'needs at least 4 characters')
        .max(64, 'has at most 64 characters'),
      VOICE_API_KEY: neededIf(
        production,
        z
          .string('is missing: set the key that the voice process sends')
          .regex(
            /^boba_\w{20,}$/,
            'is no API key: it starts with boba_, then at least 20 letters and digits',
          ),
      ),
      TWILIO_ACCOUNT_SID: neededIf(
        texting,
        z.string(halfAnAccount).regex(/^AC[0-9a-f]{32}$/i, 'is no Account SID: AC and 32 hex digits'),
      ),
      TWILIO_AUTH_TOKEN: neededIf(texting, z.string(halfAnAccount)),
      TWILIO_FROM_NUMBER: neededIf(
        texting,
        z.string(halfAnAccount).regex(/^\+[1-9]\d{6,14}$/, 'is no number such as +15551234567'),
      ),
      TWILIO_API_BASE: origin.optional(),
      SMS_RETRY_SECONDS: seconds(0.1).default(2),
      SMS_RECHECK_SECONDS: seconds(1).default(60),
      READY_HOLD_SECONDS: seconds(0).max(60, 'is more than 60 seconds').default(5),
      WEBHOOK_KEY: z
        .string()
        .min(32, 'is too short: give at least 32 random characters, such as `openssl rand -hex 32` prints')
        .optional(),
      WEBHOOK_ALLOW_PRIVATE: z
        .enum(['true', 'false'], 'is neither true nor false')
        .default('false')
        .transform(value => value === 'true'),
      RETENTION_DAYS: z.coerce
        .number('is no number of days')
        .min(0, 'is no number of days; 0 keeps everything')
        .default(90),
      MENU_FILE: z.string().default('menu.json'),
      SCREENS_FOLDER: z.string().optional(),
      LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    },
    source,
  )
}

export type ApiEnv = ReturnType<typeof readApiEnv>
