import pino from 'pino'
import { Api } from '../../voice/api.ts'
import { type ServerOptions, startServer } from '../../voice/server.ts'

export interface VoiceOptions extends Partial<Omit<ServerOptions, 'agent' | 'api'>> {
  apiUrl: string
  /** An API key with the scope calls:write. */
  key: string
  agentUrl: string
  audio?: ServerOptions['agent']['audio']
}

/** The real voice server on a free port. */
export function startVoice({ apiUrl, key, agentUrl, audio = 'mulaw', ...rest }: VoiceOptions) {
  return startServer({
    api: new Api({ url: apiUrl, key }),
    agent: {
      url: agentUrl,
      key: 'test',
      audio,
      listenModel: 'nova-3',
      thinkModels: ['gemini-2.5-flash'],
      speakModel: 'aura-2-odysseus-en',
      language: 'en',
      mipOptOut: true,
    },
    secret: 'a secret that all voice processes share',
    maxCalls: 500,
    host: '127.0.0.1',
    port: 0,
    logger: pino({ level: process.env.LOG_LEVEL ?? 'silent' }),
    ...rest,
  })
}
