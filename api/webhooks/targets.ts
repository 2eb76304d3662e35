import { lookup as resolveBySystem } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import ipaddr from 'ipaddr.js'
import { refuse } from '../carts/refusal.ts'

export interface Address {
  address: string
  family: number
}

/** The addresses of a name, at least one. */
export type Resolve = (hostname: string) => Promise<Address[]>

/** A name leads where no webhook may. */
export class ForbiddenAddress extends Error {}

export const longestUrl = 2_000
/** How long a name may take to be resolved while somebody waits, in milliseconds. */
const resolveTimeout = 5_000

export interface TargetOptions {
  /** Lets http and addresses that are not public be targets, for tests and development. */
  allowPrivate: boolean
  /** Another resolver than the system's, for tests. */
  resolve?: Resolve | undefined
}

/**
 * Where webhooks may post to: public addresses by https. A name is checked by all its addresses, both when it is
 * registered and in the very look-up whose answer a delivery connects to, so that no later answer can lead elsewhere.
 */
export class Targets {
  readonly #allowPrivate: boolean
  readonly #resolve: Resolve

  constructor({
    allowPrivate,
    resolve = hostname => resolveBySystem(hostname, { all: true }),
  }: TargetOptions) {
    this.#allowPrivate = allowPrivate
    this.#resolve = resolve
  }

  /**
   * The URL as it is kept.
   * @throws Refusal BAD_URL, INSECURE_URL, UNKNOWN_HOST, FORBIDDEN_ADDRESS
   */
  async check(text: string): Promise<string> {
    const path = ['input', 'url']
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (!url || !['http:', 'https:'].includes(url.protocol) || url.href.length > longestUrl) {
      refuse(
        'BAD_URL',
        `Give a URL such as https://example.com/boba, of ${longestUrl} characters at most.`,
        path,
      )
    }
    if (url.username || url.password || url.hash) {
      refuse(
        'BAD_URL',
        'Leave user, password and fragment out of the URL: deliveries are signed instead.',
        path,
      )
    }
    if (url.protocol === 'http:' && !this.#allowPrivate) {
      refuse('INSECURE_URL', 'Payloads are sent by https only. Give a URL that begins with https://.', path)
    }
    try {
      await Promise.race([this.addressesOf(hostOf(url)), timeOut()])
    } catch (error) {
      if (error instanceof ForbiddenAddress) {
        refuse('FORBIDDEN_ADDRESS', `${url.hostname} is no public address. Give one that is.`, path)
      }
      refuse('UNKNOWN_HOST', `${url.hostname} cannot be found. Check its spelling and its DNS records.`, path)
    }
    return url.href
  }

  /**
   * Where a host can be reached.
   * @throws ForbiddenAddress when any of its addresses is not public
   */
  async addressesOf(host: string): Promise<[Address, ...Address[]]> {
    const family = isIP(host)
    const [first, ...others] = family ? [{ address: host, family }] : await this.#resolve(host)
    if (!first) throw Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' })
    if (!this.#allowPrivate && ![first, ...others].every(({ address }) => isPublic(address))) {
      throw new ForbiddenAddress(`${host} leads to an address that is not public`)
    }
    return [first, ...others]
  }

  /** For a connection that is being made: it goes to the addresses that were checked, and to no others. */
  readonly lookup: LookupFunction = (hostname, { all }, found) => {
    this.addressesOf(hostname).then(
      addresses => (all ? found(null, addresses) : found(null, addresses[0].address, addresses[0].family)),
      (error: NodeJS.ErrnoException) => found(error, ''),
    )
  }
}

/** Without the brackets that an IPv6 address has in a URL. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1')

/** All that the Internet uses of IPv6; the rest belongs to nobody, so that a network may well lead it somewhere inside. */
const global = ipaddr.IPv6.parseCIDR('2000::/3')

/** Neither private, nor of this machine, nor reserved for anything; an IPv4 address in IPv6 counts as what it is. */
function isPublic(text: string): boolean {
  if (!ipaddr.isValid(text)) return false
  const address = ipaddr.process(text)
  return address.range() === 'unicast' && (address instanceof ipaddr.IPv4 || address.match(global))
}

async function timeOut(): Promise<never> {
  await wait(resolveTimeout, undefined, { ref: false })
  throw new Error('the name took too long to be resolved')
}
