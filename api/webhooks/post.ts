import { request as requestByHttp } from 'node:http'
import { request as requestByHttps } from 'node:https'
import { isIP } from 'node:net'
import { ForbiddenAddress, hostOf, type Targets } from './targets.ts'
import { WebhookOutcome } from './webhook-delivery.entity.ts'

export interface Letter {
  url: string
  headers: Record<string, string>
  body: string
}

export interface Posted {
  outcome: WebhookOutcome
  status: number | null
  durationMs: number
  /** What the target asks to be waited for, in milliseconds. */
  retryAfter: number
}

/** Bytes of an answer that are read, so that the target can finish it; nobody looks at them. */
const mostAnswer = 64_000
/** Milliseconds that a target may ask us to wait. */
const longestRetryAfter = 3_600_000

/**
 * Posts once, over a connection of its own to an address that was checked. Redirects are not followed, and the whole
 * of it takes no longer than `timeout` milliseconds, however slowly the target talks.
 */
export async function post(
  { url, headers, body }: Letter,
  { targets, timeout, stop }: { targets: Targets; timeout: number; stop: AbortSignal },
): Promise<Posted> {
  const started = performance.now()
  const deadline = AbortSignal.timeout(timeout)
  const result = (outcome: WebhookOutcome, status: number | null = null, retryAfter = 0): Posted => ({
    outcome,
    status,
    durationMs: Math.round(performance.now() - started),
    retryAfter,
  })
  try {
    const target = new URL(url)
    // An address that stands in the URL itself is looked up by nobody.
    if (isIP(hostOf(target))) await targets.addressesOf(hostOf(target))
    const { status, retryAfter } = await send(target, headers, body, {
      lookup: targets.lookup,
      signal: AbortSignal.any([deadline, stop]),
    })
    if (status >= 200 && status < 300) return result(WebhookOutcome.DELIVERED, status)
    const redirected = status >= 300 && status < 400
    const outcome = redirected ? WebhookOutcome.REDIRECTED : WebhookOutcome.REFUSED
    return result(outcome, status, retryAfterOf(retryAfter))
  } catch (error) {
    if (deadline.aborted) return result(WebhookOutcome.TIMED_OUT)
    if (stop.aborted) return result(WebhookOutcome.INTERRUPTED)
    return result(outcomeOf(error))
  }
}

function send(
  target: URL,
  headers: Record<string, string>,
  body: string,
  connection: { lookup: Targets['lookup']; signal: AbortSignal },
): Promise<{ status: number; retryAfter: string | undefined }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number
    retryAfter: string | undefined
  }>()
  const request = target.protocol === 'https:' ? requestByHttps : requestByHttp
  // No connection is kept: the next delivery shall look the name up, and check it, anew.
  const sending = request(target, { ...connection, method: 'POST', agent: false, headers })
  sending.on('error', reject)
  // A 101 that nobody listens to, for one, is neither an answer nor an error. After either of them this does nothing.
  sending.once('close', () => reject(new Error('closed before there was an answer')))
  // Whatever else happens, or does not: a try that never ended would hold up its webhook, and the api when it stops.
  connection.signal.addEventListener('abort', () => reject(connection.signal.reason as Error), { once: true })
  sending.once('response', response => {
    resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] })
    let bytes = 0
    response.on('error', () => undefined)
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > mostAnswer) response.destroy()
    })
  })
  sending.end(body)
  return promise
}

function outcomeOf(error: unknown): WebhookOutcome {
  if (error instanceof ForbiddenAddress) return WebhookOutcome.FORBIDDEN_ADDRESS
  const code = String((error as NodeJS.ErrnoException).code)
  if (['ENOTFOUND', 'EAI_AGAIN', 'ENODATA'].includes(code)) return WebhookOutcome.UNKNOWN_HOST
  return /CERT|TLS|SSL|VERIFY/.test(code) ? WebhookOutcome.UNTRUSTED_CERTIFICATE : WebhookOutcome.UNREACHABLE
}

/** Seconds or a date, as HTTP has it. */
function retryAfterOf(header: string | undefined): number {
  if (!header) return 0
  const wait = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now()
  return Math.min(Math.max(wait || 0, 0), longestRetryAfter)
}
