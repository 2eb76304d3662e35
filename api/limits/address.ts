import type { IncomingMessage } from 'node:http'
import ipaddr from 'ipaddr.js'
import proxyAddr from 'proxy-addr'

/** Says of an address whether it is that of a proxy of ours. */
export type TrustProxy = (address: string, hops: number) => boolean

export const trustNobody: TrustProxy = () => false

/**
 * Reads a list such as "loopback, 10.0.0.0/8".
 * @throws Error when a part is neither an address, nor a subnet, nor loopback, linklocal or uniquelocal
 */
export const readProxies = (list: string): TrustProxy =>
  proxyAddr.compile(list.split(',').map(part => part.trim()))

/** Bytes of an IPv6 address that tell one customer of a provider from the next; the others are theirs to choose. */
const customerBytes = 8

/**
 * The address by which a client is limited: the nearest one that is no proxy of ours, since a client can write what it
 * likes into `X-Forwarded-For` before that; of IPv6 the /64.
 */
export function addressOf(request: IncomingMessage, trust: TrustProxy): string {
  const address = proxyAddr(request, trust)
  if (!ipaddr.isValid(address ?? '')) return 'unknown'
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  return Buffer.from(parsed.toByteArray().slice(0, customerBytes)).toString('hex')
}
