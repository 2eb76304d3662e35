import type { AudioFormat } from '../audio/codec.ts'
import type { FunctionTool } from './messages.ts'

export interface AgentModels {
  listenModel: string
  /** In order: the first one that answers is used. */
  thinkModels: string[]
  speakModel: string
  /** BCP 47, e.g. "en". */
  language: string
  /** Keeps what callers say out of the provider's training. */
  mipOptOut: boolean
}

export interface AgentBrief {
  audio: AudioFormat
  models: AgentModels
  prompt: string
  tools: FunctionTool[]
  /** Words of the shop that a recogniser may not know. */
  keyterms: string[]
  /** Spoken first; left out when a call is taken up again. */
  greeting?: string
  /** What was said before on this call. */
  said?: readonly { role: 'user' | 'assistant'; content: string }[]
}

const thinkers: Record<string, string> = { gemini: 'google', gpt: 'open_ai', claude: 'anthropic' }

/** The first message on a Voice Agent socket. The live server refuses unknown fields, so nothing stands here in vain. */
export function settings({
  audio,
  models,
  prompt,
  tools,
  keyterms,
  greeting,
  said = [],
}: AgentBrief): object {
  const think = models.thinkModels.map(model => ({
    provider: {
      type: Object.entries(thinkers).find(([family]) => model.startsWith(family))?.[1] ?? 'open_ai',
      model,
      temperature: 0.3,
    },
    prompt,
    functions: tools,
  }))
  return {
    type: 'Settings',
    tags: ['bobarista'],
    mip_opt_out: models.mipOptOut,
    // History would be a second copy of the transcript on the wire.
    flags: { history: false },
    audio,
    agent: {
      ...(said.length > 0 && { context: { messages: said.map(each => ({ type: 'History', ...each })) } }),
      listen: { provider: listenProvider(models, keyterms) },
      think: think.length === 1 ? think[0] : think,
      speak: { provider: speakProvider(models.speakModel) },
      ...(greeting !== undefined && { greeting }),
    },
  }
}

/** Flux models are version 2 of the interface, and take their language from their name. */
function listenProvider({ listenModel, language }: AgentModels, keyterms: string[]): object {
  if (listenModel.startsWith('flux-'))
    return { type: 'deepgram', version: 'v2', model: listenModel, keyterms }
  return { type: 'deepgram', model: listenModel, language, keyterms }
}

function speakProvider(model: string): object {
  return { type: 'deepgram', model, ...(model.startsWith('flux-') && { version: 'v2' }) }
}
