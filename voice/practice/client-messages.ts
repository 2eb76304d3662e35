import { z } from 'zod'

/*
 * What a client of a Deepgram Voice Agent may send (version 1 of the wire). The live server refuses fields it does not
 * know, so every object of Settings is closed here as well; a bridge that passes here has no key in the wrong place.
 */
const endpoint = z.strictObject({
  url: z.url(),
  method: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
})

const functionDefinition = z.strictObject({
  name: z.string().min(1),
  description: z.string().optional(),
  parameters: z.record(z.string(), z.unknown()).optional(),
  endpoint: endpoint.optional(),
  defer_until_eot: z.boolean().optional(),
})

/** A think or speak block may be one, or a list of fallbacks in order. */
const oneOrMore = <Shape extends z.ZodType>(shape: Shape) =>
  z.preprocess(value => (Array.isArray(value) ? value : [value]), z.array(shape).min(1))

const think = z.strictObject({
  provider: z.strictObject({
    type: z.string(),
    version: z.string().optional(),
    model: z.string().optional(),
    temperature: z.number().min(0).max(2).optional(),
    reasoning_mode: z.string().optional(),
    credentials: z.record(z.string(), z.unknown()).optional(),
    voice_prompt_opt_out: z.boolean().optional(),
  }),
  endpoint: endpoint.optional(),
  functions: z.array(functionDefinition).optional(),
  prompt: z.string().optional(),
  context_length: z.union([z.literal('max'), z.number()]).optional(),
})

const speak = z.strictObject({
  // Other providers have other keys; of Deepgram's own, only the voice matters here.
  provider: z.looseObject({ type: z.string(), model: z.string().optional(), version: z.string().optional() }),
  endpoint: endpoint.optional(),
})

const listenProvider = z.strictObject({
  type: z.literal('deepgram'),
  version: z.string().optional(),
  model: z.string().optional(),
  language: z.string().optional(),
  keyterms: z.array(z.string()).optional(),
  smart_format: z.boolean().optional(),
  language_hints: z.array(z.string()).optional(),
  eot_threshold: z.number().optional(),
  eager_eot_threshold: z.number().optional(),
  eot_timeout_ms: z.number().optional(),
})

const historyItem = z.looseObject({
  type: z.literal('History'),
  role: z.enum(['user', 'assistant']).optional(),
  content: z.string().optional(),
})

const settings = z.strictObject({
  type: z.literal('Settings'),
  tags: z.array(z.string()).optional(),
  experimental: z.boolean().optional(),
  mip_opt_out: z.boolean().optional(),
  flags: z.strictObject({ history: z.boolean().optional() }).optional(),
  audio: z.strictObject({
    input: z.strictObject({ encoding: z.string(), sample_rate: z.number().int() }).optional(),
    output: z
      .strictObject({
        encoding: z.string().optional(),
        sample_rate: z.number().int().optional(),
        bitrate: z.number().optional(),
        container: z.string().optional(),
      })
      .optional(),
  }),
  agent: z.strictObject({
    language: z.string().optional(),
    context: z.strictObject({ messages: z.array(historyItem).optional() }).optional(),
    listen: z.strictObject({ provider: listenProvider }).optional(),
    think: oneOrMore(think).optional(),
    speak: oneOrMore(speak).optional(),
    greeting: z.string().optional(),
  }),
})

const messages = [
  settings,
  z.object({ type: z.literal('KeepAlive') }),
  z.object({ type: z.literal('ForceEndTurn') }),
  z.object({ type: z.literal('UpdatePrompt'), prompt: z.string() }),
  z.object({ type: z.literal('UpdateThink'), think: oneOrMore(think) }),
  z.object({ type: z.literal('UpdateSpeak'), speak: oneOrMore(speak) }),
  z.object({ type: z.literal('UpdateListen'), listen: z.object({ provider: listenProvider }) }),
  z.object({ type: z.literal('InjectUserMessage'), content: z.string() }),
  z.object({
    type: z.literal('InjectAgentMessage'),
    message: z.string(),
    behavior: z.enum(['default', 'queue', 'interrupt']).default('default'),
  }),
  z.object({
    type: z.literal('FunctionCallResponse'),
    id: z.string().min(1),
    name: z.string().min(1),
    content: z.string(),
    thought_signature: z.string().optional(),
  }),
] as const

const clientMessage = z.discriminatedUnion('type', messages)

export type Settings = z.infer<typeof settings>
export type ClientMessage = z.infer<typeof clientMessage>
export type FunctionDefinition = z.infer<typeof functionDefinition>

/** A message that cannot be read; the field is where it went wrong. */
export class Unparsable extends Error {
  constructor(field: string) {
    super(`Error parsing client message. Check the ${field} field against the API spec.`)
  }
}

/** @throws Unparsable naming the field */
export function readClientMessage(text: string): ClientMessage {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Unparsable('whole')
  }
  const read = clientMessage.safeParse(value)
  if (read.success) return read.data
  const [issue] = read.error.issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys : []
  throw new Unparsable([...(issue?.path ?? []), ...unknown.slice(0, 1)].join('.') || 'type')
}
