import { measured } from './cores.ts'
import { type Program, startProgram } from './program.ts'
import { type Shop, voiceKey } from './shop.ts'

/** Something that joins callers and agents, on a core of its own. */
export interface Bridge {
  name: 'relay' | 'mulaw' | 'linear16'
  /** How many bytes of sound the agent sends each 20 ms. */
  agentBytes: number
  start(agentUrl: string, gc?: boolean): Promise<Program>
}

/** The bare relay, and the real voice process with both formats. */
export function bridgesOf(shop: Shop): Bridge[] {
  const voice = (name: 'mulaw' | 'linear16', agentBytes: number): Bridge => ({
    name,
    agentBytes,
    start: (agentUrl, gc) =>
      startProgram('voice/main.ts', {
        core: measured,
        gc,
        env: {
          AGENT_AUDIO: name,
          API_URL: shop.url,
          VOICE_API_KEY: voiceKey,
          DEEPGRAM_URL: agentUrl,
          DEEPGRAM_API_KEY: 'bench',
          MAX_CALLS: '5000',
          MAX_CALL_MINUTES: '600',
          DRAIN_SECONDS: '0',
        },
      }),
  })
  return [
    {
      name: 'relay',
      agentBytes: 160,
      start: (agentUrl, gc) =>
        startProgram('bench/relay.ts', { core: measured, gc, env: { DEEPGRAM_URL: agentUrl } }),
    },
    voice('mulaw', 160),
    voice('linear16', 960),
  ]
}
