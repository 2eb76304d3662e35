import cluster from 'node:cluster'
import pino from 'pino'
import { loadDotEnv, StartError } from '../env.ts'
import { Api } from './api.ts'
import { readVoiceEnv } from './env.ts'
import { Metrics } from './metrics.ts'
import { startPracticeAgent } from './practice/agent.ts'
import { startServer } from './server.ts'
import { numbersOfAllWorkers, otherWorkers, shareNumbers, startWorkers } from './workers.ts'

const deepgram = 'wss://agent.deepgram.com/v1/agent/converse'

async function start(): Promise<() => Promise<void>> {
  loadDotEnv()
  const env = readVoiceEnv(process.env)
  if (cluster.isPrimary && env.VOICE_WORKERS > 1) {
    const workers = await startWorkers(env.VOICE_WORKERS)
    process.send?.({ ready: workers.url })
    return workers.close
  }
  const metrics = new Metrics()
  if (cluster.isWorker) shareNumbers(metrics.registry)
  const logger = pino({ name: 'voice', level: env.LOG_LEVEL }, pino.destination(2))
  const practice =
    env.DEEPGRAM_API_KEY || env.DEEPGRAM_URL ? null : await startPracticeAgent({ host: '127.0.0.1' })
  const server = await startServer({
    api: new Api({ url: env.API_URL ?? `http://127.0.0.1:${env.API_PORT}`, key: env.VOICE_API_KEY }),
    agent: {
      url: practice?.url ?? env.DEEPGRAM_URL ?? deepgram,
      key: env.DEEPGRAM_API_KEY ?? 'practice',
      audio: env.AGENT_AUDIO,
      listenModel: env.AGENT_LISTEN_MODEL,
      thinkModels: env.AGENT_THINK_MODEL.split(',').map(model => model.trim()),
      speakModel: env.AGENT_SPEAK_MODEL,
      language: env.AGENT_LANGUAGE,
      mipOptOut: env.AGENT_MIP_OPT_OUT,
    },
    secret: env.VOICE_API_KEY,
    twilioAuthToken: env.TWILIO_AUTH_TOKEN,
    publicUrl: env.PUBLIC_URL,
    // With an account of Twilio's, texts would go to whoever has the numbers of a script.
    practice: practice !== null && !env.TWILIO_AUTH_TOKEN,
    transferNumber: env.TRANSFER_NUMBER,
    maxCalls: Math.ceil(env.MAX_CALLS / env.VOICE_WORKERS),
    patience: { call: env.MAX_CALL_MINUTES * 60_000, drain: env.DRAIN_SECONDS * 1_000 },
    host: env.HOST,
    port: env.VOICE_PORT,
    logger,
    metrics,
    ...(cluster.isWorker && { numbers: numbersOfAllWorkers, others: otherWorkers() }),
  })
  logger.info({ url: server.url, practice: practice !== null }, 'voice answers calls')
  process.send?.({ ready: server.url })
  return async () => {
    await server.close()
    await practice?.close()
  }
}

/** What went wrong in a sentence, for the mistakes somebody who starts the program can mend. */
function sentenceFor(error: unknown): string | undefined {
  if (error instanceof StartError) return error.message
  const { code, port } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE') {
    return `Port ${port} is taken by another program. Stop that one, or set VOICE_PORT to a free port.`
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    return `Voice may not listen on this HOST and VOICE_PORT (${code}). Check both variables.`
  }
  return undefined
}

try {
  const close = await start()
  let closing: Promise<void> | undefined
  const stop = () => void (closing ??= close().then(() => process.exit(0)))
  // Without the one who started us nobody would ever stop us.
  for (const end of ['SIGTERM', 'SIGINT', 'disconnect']) process.on(end, stop)
} catch (error) {
  const sentence = sentenceFor(error)
  if (!sentence) throw error
  process.stderr.write(`${sentence}\n`)
  process.exit(1)
}
