import { hkdfSync, randomBytes } from 'node:crypto'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import type { Webhook } from './webhook.entity.ts'

export const newSalt = (): string => randomBytes(16).toString('hex')

/**
 * The signing secret of a salt, as receivers configure it. The database has the salt and the environment the key:
 * whoever has only one of them can sign nothing, and nothing has to be decrypted.
 */
export function secretOf(key: string, salt: string): string {
  const secret = hkdfSync('sha256', key, Buffer.from(salt, 'hex'), 'bobarista webhook signature', 32)
  return `whsec_${Buffer.from(secret).toString('base64')}`
}

/** The headers of the Standard Webhooks scheme, with a signature by each secret that counts now. */
export function signedHeaders(
  key: string,
  { salt, oldSalt, oldSecretUntil }: Pick<Webhook, 'salt' | 'oldSalt' | 'oldSecretUntil'>,
  id: string,
  body: string,
): Record<string, string> {
  const now = new Date()
  const salts = oldSalt && oldSecretUntil && oldSecretUntil > now ? [salt, oldSalt] : [salt]
  const signatures = salts.map(each => new StandardWebhook(secretOf(key, each)).sign(id, now, body))
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': signatures.join(' '),
  }
}
