import { z } from 'zod'

/*
 * What a server may send on a Twilio media stream. Twilio refuses a frame with a missing or an unknown field
 * (error 31951), so every object is closed.
 */
const payload = z
  .base64()
  .min(4)
  // The start of a WAV or AU file: a header would be played as a click.
  .refine(text => !/^(?:UklGR|LnNuZ)/.test(text), { error: 'is a sound file, not raw μ-law' })

const frame = z.discriminatedUnion('event', [
  z.strictObject({ event: z.literal('media'), streamSid: z.string(), media: z.strictObject({ payload }) }),
  z.strictObject({
    event: z.literal('mark'),
    streamSid: z.string(),
    mark: z.strictObject({ name: z.string().min(1).max(256) }),
  }),
  z.strictObject({ event: z.literal('clear'), streamSid: z.string() }),
])

export type OutboundFrame = z.infer<typeof frame>

/** → nothing when Twilio would refuse it */
export function readOutbound(text: string, streamSid: string): OutboundFrame | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const read = frame.safeParse(value)
  return read.success && read.data.streamSid === streamSid ? read.data : undefined
}
