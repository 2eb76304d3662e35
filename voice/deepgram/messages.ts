import { z } from 'zod'

const name = <Type extends string>(type: Type) => ({ type: z.literal(type) })

const functionCall = z.object({
  id: z.string(),
  name: z.string(),
  /** JSON, as the model wrote it. */
  arguments: z.string().default('{}'),
  client_side: z.boolean().default(true),
  thought_signature: z.string().optional(),
})

/** What Deepgram says on a Voice Agent socket, as far as a call needs it (developers.deepgram.com/reference/voice-agent). */
const message = z.discriminatedUnion('type', [
  z.object({ ...name('Welcome'), request_id: z.string().optional() }),
  z.object(name('SettingsApplied')),
  z.object({ ...name('ConversationText'), role: z.enum(['user', 'assistant']), content: z.string() }),
  z.object(name('UserStartedSpeaking')),
  z.object(name('EndOfTurn')),
  z.object(name('AgentThinking')),
  z.object(name('AgentStartedSpeaking')),
  z.object(name('AgentAudioDone')),
  z.object({ ...name('FunctionCallRequest'), functions: z.array(functionCall) }),
  z.object({ ...name('FunctionCallCancelled'), functions: z.array(z.object({ id: z.string() })) }),
  z.object(name('InjectionRefused')),
  z.object({ ...name('Error'), code: z.string().default('UNKNOWN') }),
  z.object({ ...name('Warning'), code: z.string().default('UNKNOWN') }),
])

export type AgentMessage = z.infer<typeof message>
export type FunctionCall = z.infer<typeof functionCall>

/** One text frame as a message; nothing when it is none that a call needs: new kinds come without notice. */
export function readMessage(text: string): AgentMessage | undefined {
  try {
    const { success, data } = message.safeParse(JSON.parse(text))
    return success ? data : undefined
  } catch {
    return undefined
  }
}

/** What stands in `Settings.agent.think.functions` for a function that we run. */
export interface FunctionTool {
  name: string
  description: string
  /** JSON Schema of its arguments. */
  parameters: object
  /** Not called before the caller's turn is certain: for everything with an effect. */
  defer_until_eot?: boolean
}
