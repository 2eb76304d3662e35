import { createHmac, timingSafeEqual } from 'node:crypto'
import twilio from 'twilio'

/** Form fields of a webhook; a name that came twice has a list. */
export type Fields = Record<string, string | string[]>

/** Reads a form without changing anything, since every character is signed. */
export function fieldsOf(body: string): Fields {
  const fields: Fields = {}
  for (const [name, value] of new URLSearchParams(body)) {
    const known = fields[name]
    fields[name] = known === undefined ? value : [known, value].flat()
  }
  return fields
}

/** Whether Twilio sent a request, by X-Twilio-Signature (www.twilio.com/docs/usage/security). */
export class Signatures {
  readonly #authToken: string
  readonly #publicUrl: string

  /** @param publicUrl the origin Twilio reaches us by: never taken from the request, which a proxy has rewritten */
  constructor(authToken: string, publicUrl: string) {
    this.#authToken = authToken
    this.#publicUrl = publicUrl
  }

  /** @param path with the query, as requested */
  signed(signature: string | undefined, path: string, fields: Fields): boolean {
    return this.#valid(signature, this.#publicUrl + path, fields)
  }

  /** The upgrade of a media stream is signed over its wss address, sometimes with a slash after it. */
  upgradeSigned(signature: string | undefined, path: string): boolean {
    const url = this.#publicUrl.replace(/^http/, 'ws') + path
    return this.#valid(signature, url, {}) || this.#valid(signature, `${url}/`, {})
  }

  #valid(signature: string | undefined, url: string, fields: Fields): boolean {
    return signature !== undefined && twilio.validateRequest(this.#authToken, signature, url, fields)
  }
}

const tokenLife = 60_000

/**
 * A short-lived proof that a stream belongs to a call we have answered: any voice process can check it, and none has
 * to remember it.
 */
export function streamToken(secret: string, callSid: string, now = Date.now()): string {
  const expires = now + tokenLife
  return `${expires}.${hmac(secret, callSid, expires)}`
}

/** Whether a token was made for that call and still holds. */
export function tokenHolds(
  secret: string,
  callSid: string,
  token: string | undefined,
  now = Date.now(),
): boolean {
  const [, expires = '', mac = ''] = /^(\d{1,15})\.([\w-]{43})$/.exec(token ?? '') ?? []
  const right = Buffer.from(hmac(secret, callSid, Number(expires)))
  const given = Buffer.from(mac)
  return given.length === right.length && timingSafeEqual(given, right) && Number(expires) > now
}

function hmac(secret: string, callSid: string, expires: number): string {
  return createHmac('sha256', secret).update(`stream ${callSid} ${expires}`).digest('base64url')
}
