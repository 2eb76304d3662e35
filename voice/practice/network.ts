import webhooks from 'twilio/lib/webhooks/webhooks.js'
import { WebSocket } from 'ws'

export interface NetworkOptions {
  /** Where voice listens: an origin, or with the path when it is not /voice. */
  voiceUrl: string
  /** Signs what is sent; nothing is signed without it. */
  authToken?: string
  /** The origin voice is known by; that of voiceUrl if omitted. */
  publicUrl?: string
  /** What every webhook of the call is told. */
  fields: Record<string, string>
  /** Ends everything that is under way. */
  signal: AbortSignal
}

/** Twilio gives a webhook so long, in milliseconds. */
const webhookLimit = 15_000

/** How Twilio reaches the server of a call: forms and sockets, signed over the address it knows. */
export class Network {
  /** The webhook of the call, as voice is known by. */
  readonly voiceUrl: string
  readonly #options: NetworkOptions
  readonly #listening: URL
  readonly #publicUrl: string

  constructor(options: NetworkOptions) {
    this.#options = options
    this.#listening = new URL(options.voiceUrl)
    this.#publicUrl = new URL(options.publicUrl ?? options.voiceUrl).origin
    const { pathname } = this.#listening
    this.voiceUrl = this.#publicUrl + (pathname === '/' ? '/voice' : pathname)
  }

  /** Posts a form. @throws TypeError when nobody listens */
  post(url: string, fields: Record<string, string>): Promise<Response> {
    const form = { ...this.#options.fields, ...fields }
    return fetch(this.#reach(url), {
      method: 'POST',
      headers: this.#signature(url, form),
      body: new URLSearchParams(form),
      signal: AbortSignal.any([this.#options.signal, AbortSignal.timeout(webhookLimit)]),
    })
  }

  /** Resolves with an open socket. @throws Error when the handshake is refused */
  openSocket(url: string): Promise<WebSocket> {
    const { signal } = this.#options
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(this.#reach(url), {
        headers: this.#signature(url),
        perMessageDeflate: false,
        handshakeTimeout: webhookLimit,
      })
      const abort = () => socket.terminate()
      signal.addEventListener('abort', abort, { once: true })
      socket.once('open', () => {
        signal.removeEventListener('abort', abort)
        resolve(socket)
      })
      // Also after the socket is open: a broken one closes by itself.
      socket.on('error', reject)
    })
  }

  /** www.twilio.com/docs/usage/security */
  #signature(url: string, fields: Record<string, string> = {}): Record<string, string> {
    const { authToken } = this.#options
    if (!authToken) return {}
    return { 'X-Twilio-Signature': webhooks.getExpectedTwilioSignature(authToken, url, fields) }
  }

  /** Addresses of the public origin are reached where voice listens: no practice call leaves the machine. */
  #reach(url: string): string {
    const address = new URL(url)
    if (`${address.protocol.replace(/^ws/, 'http')}//${address.host}` !== this.#publicUrl) return url
    const { protocol, host } = this.#listening
    const scheme = address.protocol.startsWith('ws') ? protocol.replace('http', 'ws') : protocol
    return `${scheme}//${host}${address.pathname}${address.search}`
  }
}
