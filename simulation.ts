import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'

/** Where the voice process takes calls that the api asks it to play, by POST. */
export const simulationPath = '/practice/calls'

/** In which header the body is signed. */
export const signatureHeader = 'x-bobarista-signature'

/** Lines of a script that comes with a simulated call, and characters of one. */
export const mostLines = 40
export const longestLine = 200

/** A call to be played, as the api asks voice for it. */
export const simulation = z.strictObject({
  callSid: z.string().regex(/^CA[0-9a-f]{32}$/),
  /** Who calls, E.164. */
  from: z.e164(),
  script: z.union([
    /** One of those in `calls/`. */
    z.string().max(60),
    z
      .array(
        z
          .string()
          .max(longestLine)
          .regex(/^[^\r\n]*$/),
      )
      .min(1)
      .max(mostLines),
  ]),
  /** Milliseconds since 1970 from which on the signature is worth nothing. */
  expires: z.int(),
})

export type Simulation = z.infer<typeof simulation>

/** Why a call is not played. */
export const simulationRefusal = z.object({
  code: z.enum(['NOT_PRACTICE', 'TOO_MANY_CALLS', 'BAD_SCRIPT', 'BAD_SIGNATURE']),
  message: z.string().max(1_000),
})

export type SimulationRefusal = z.infer<typeof simulationRefusal>

/**
 * Proves that the api asks, by the key with which voice asks the api: both have it, and it never travels here.
 * @param secret VOICE_API_KEY
 */
export const signatureOf = (secret: string, body: string): string =>
  createHmac('sha256', secret).update(`simulate ${body}`).digest('base64url')

/** Whether a body was signed with that secret. */
export function isSigned(secret: string, body: string, signature: string): boolean {
  const right = Buffer.from(signatureOf(secret, body))
  const given = Buffer.from(signature)
  return given.length === right.length && timingSafeEqual(given, right)
}
