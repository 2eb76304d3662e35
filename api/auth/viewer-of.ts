import type { IncomingMessage } from 'node:http'
import type { EntityManager } from '@mikro-orm/sql'
import { ApiKey } from './api-key.entity.ts'
import { notAKey, opens, viewerOfKey } from './keys.ts'
import { sessionCookie, viewerOfSession } from './staff.ts'
import { StaffSession } from './staff-session.entity.ts'
import { anyone, type Viewer } from './viewer.ts'

/** Whether a request comes from a page of our own, or from no page at all. Browsers always say which. */
export function fromOwnPage(
  { headers: { origin, host } }: IncomingMessage,
  allowedOrigins: string[],
): boolean {
  if (origin === undefined || allowedOrigins.includes(origin)) return true
  return URL.canParse(origin) && new URL(origin).host === host
}

/** Whether a request came by the shop's public address, and that by https: then its cookie stays on https. */
export function cameByHttps({ headers: { origin, host } }: IncomingMessage, publicUrl?: string): boolean {
  if (!publicUrl?.startsWith('https:')) return false
  // A browser says from which page it asks; a proxy may put another host in the place of ours.
  return origin === publicUrl || host === new URL(publicUrl).host
}

/**
 * Who is asking: by API key, or else by the console's cookie, which only our own pages may use.
 * @param authorization what stands in the header, or in a WebSocket's `connection_init`
 * @throws GraphQLError UNAUTHENTICATED when a key was sent that is wrong or revoked
 */
export async function viewerOf(
  em: EntityManager,
  request: IncomingMessage,
  allowedOrigins: string[],
  authorization = request.headers.authorization,
): Promise<Viewer> {
  if (authorization !== undefined) {
    const key = /^Bearer (\S+)$/i.exec(authorization)?.[1]
    if (key) return viewerOfKey(em, key)
    throw notAKey('Send the API key as "Authorization: Bearer boba_…".')
  }
  // Any page may make a browser send a GET with the cookie, so nobody is signed in by it.
  const token = request.method === 'GET' && !isUpgrade(request) ? undefined : cookieOf(request)
  return token && fromOwnPage(request, allowedOrigins) ? viewerOfSession(em, token) : anyone
}

/** Those who may not do any more what they might: their key was revoked or replaced, or their session is over. */
export async function outOf(em: EntityManager, viewers: Viewer[]): Promise<Set<Viewer>> {
  const ids = (kind: Viewer['kind']) => viewers.filter(viewer => viewer.kind === kind).map(({ id }) => id!)
  const [keys, sessions] = [ids('API_KEY'), ids('STAFF')]
  const rows = keys.length > 0 ? await em.find(ApiKey, { id: { $in: keys } }) : []
  const byId = new Map(rows.map(row => [row.id, row]))
  const open = new Set<string>()
  if (sessions.length > 0) {
    const where = { hash: { $in: sessions }, expiresAt: { $gt: new Date() } }
    for (const { hash } of await em.find(StaffSession, where)) open.add(hash)
  }
  const stands = ({ kind, id, proof }: Viewer) => {
    if (kind === 'ANYONE') return true
    if (kind === 'STAFF') return open.has(id!)
    const row = byId.get(id!)
    return row !== undefined && opens(row, proof!)
  }
  return new Set(viewers.filter(viewer => !stands(viewer)))
}

/** A WebSocket begins as a GET that says where it comes from. */
const isUpgrade = ({ headers: { upgrade } }: IncomingMessage) => upgrade?.toLowerCase() === 'websocket'

function cookieOf(request: IncomingMessage): string | undefined {
  return new RegExp(`(?:^|; )${sessionCookie}=([\\w-]+)`).exec(request.headers.cookie ?? '')?.[1]
}
