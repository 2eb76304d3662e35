import type { IncomingMessage } from 'node:http'
import type { EntityManager } from '@mikro-orm/sql'
import { GraphQLError } from 'graphql'
import { viewerOfKey } from './keys.ts'
import { sessionCookie, viewerOfSession } from './staff.ts'
import { anyone, type Viewer } from './viewer.ts'

/** Whether a request comes from a page of our own, or from no page at all. Browsers always say which. */
export function fromOwnPage(
  { headers: { origin, host } }: IncomingMessage,
  allowedOrigins: string[],
): boolean {
  if (origin === undefined || allowedOrigins.includes(origin)) return true
  return URL.canParse(origin) && new URL(origin).host === host
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
    throw new GraphQLError('Send the API key as "Authorization: Bearer boba_…".', {
      extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } },
    })
  }
  const token = cookieOf(request)
  return token && fromOwnPage(request, allowedOrigins) ? viewerOfSession(em, token) : anyone
}

function cookieOf(request: IncomingMessage): string | undefined {
  return new RegExp(`(?:^|; )${sessionCookie}=([\\w-]+)`).exec(request.headers.cookie ?? '')?.[1]
}
