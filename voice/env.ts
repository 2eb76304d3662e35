import { z } from 'zod'
import { readEnv } from '../env.ts'

const url = (...protocols: string[]) =>
  z
    .string()
    .refine(text => URL.canParse(text) && protocols.includes(new URL(text).protocol.slice(0, -1)), {
      error: `must be a URL with ${protocols.join(' or ')}`,
    })
    .transform(text => text.replace(/\/$/, ''))

const port = z.coerce.number({ error: 'must be a port number' }).int().min(0).max(65_535)

const shape = {
  NODE_ENV: z.string().optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  HOST: z.string().default('127.0.0.1'),
  VOICE_PORT: port.default(5000),
  API_PORT: port.default(4000),
  API_URL: url('http', 'https').optional(),
  PUBLIC_URL: url('http', 'https').optional(),
  VOICE_API_KEY: z.string({ error: 'is missing; it is the API key with which voice asks the api' }).min(20),
  DEEPGRAM_API_KEY: z.string().optional(),
  DEEPGRAM_URL: url('ws', 'wss').optional(),
  AGENT_AUDIO: z.enum(['linear16', 'mulaw']).default('linear16'),
  AGENT_LISTEN_MODEL: z.string().default('nova-3'),
  AGENT_THINK_MODEL: z.string().default('gemini-2.5-flash'),
  AGENT_SPEAK_MODEL: z.string().default('aura-2-odysseus-en'),
  AGENT_LANGUAGE: z.string().default('en'),
  AGENT_MIP_OPT_OUT: z.stringbool({ error: 'must be true or false' }).default(true),
  TWILIO_AUTH_TOKEN: z.string().optional(),
  TRANSFER_NUMBER: z.e164({ error: 'must be a phone number like +15551234567' }).optional(),
  VOICE_WORKERS: z.coerce.number({ error: 'must be a number of processes' }).int().min(1).max(64).default(1),
  MAX_CALL_MINUTES: z.coerce.number({ error: 'must be a number of minutes' }).min(1).default(20),
  DRAIN_SECONDS: z.coerce.number({ error: 'must be a number of seconds' }).min(0).default(30),
  MAX_CALLS: z.coerce.number({ error: 'must be a number of calls' }).int().min(1).default(40),
}

export type VoiceEnv = ReturnType<typeof readVoiceEnv>

/**
 * Every variable of the voice process, checked.
 * @throws StartError naming each one that is wrong or missing
 */
export function readVoiceEnv(source: Record<string, string | undefined>) {
  const production = source.NODE_ENV === 'production'
  const needed = (why: string) => z.string({ error: `is missing; ${why}` })
  return readEnv(
    {
      ...shape,
      // Twilio signs the address it reaches, so without it every call would be refused.
      ...(source.TWILIO_AUTH_TOKEN && {
        PUBLIC_URL: needed('with TWILIO_AUTH_TOKEN it has to be the origin Twilio reaches').pipe(
          url('http', 'https'),
        ),
      }),
      ...(production && {
        DEEPGRAM_API_KEY: needed('without it nobody answers the caller (NODE_ENV is production)'),
        TWILIO_AUTH_TOKEN: needed('without it calls cannot be told from forgeries (NODE_ENV is production)'),
        PUBLIC_URL: url('https'),
      }),
    },
    source,
  )
}
