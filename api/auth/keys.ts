import { createHash, randomBytes } from 'node:crypto'
import type { EntityManager } from '@mikro-orm/sql'
import { GraphQLError } from 'graphql'
import { ApiKey } from './api-key.entity.ts'
import type { Scope } from './scopes.ts'
import type { Viewer } from './viewer.ts'

/** SHA-256, hex: how secrets are kept. */
export const sha256 = (secret: string): string => createHash('sha256').update(secret).digest('hex')

const prefixOf = (key: string) => key.slice(0, 9)

/** A new key such as `boba_3f9c…`: 160 random bits in hex. */
export const newKey = (): string => `boba_${randomBytes(20).toString('hex')}`

/** Stores a key's hash. */
export async function storeKey(
  em: EntityManager,
  key: string,
  name: string,
  scopes: Scope[],
): Promise<ApiKey> {
  const row = em.create(ApiKey, { name, hash: sha256(key), prefix: prefixOf(key), scopes })
  await em.flush()
  return row
}

/**
 * Makes the key of the configuration the one the voice process may use. It has one row for good, so that a key which
 * was replaced in the configuration is worth nothing from the next start on. A key that was made by hand stays as it
 * was made.
 */
export async function storeVoiceKey(em: EntityManager, key: string): Promise<void> {
  const hash = sha256(key)
  if (await em.findOne(ApiKey, { hash })) return
  const row = {
    id: 'key_voice',
    name: 'voice',
    hash,
    prefix: prefixOf(key),
    scopes: ['calls:write' as const],
  }
  await em.upsert(ApiKey, { ...row, createdAt: new Date(), revokedAt: null })
}

/**
 * Who holds the key. Looking it up by its hash leaks no timing of the key.
 * @throws GraphQLError UNAUTHENTICATED when it is wrong or revoked
 */
export async function viewerOfKey(em: EntityManager, key: string): Promise<Viewer> {
  const row = await em.findOne(ApiKey, { hash: sha256(key), revokedAt: null })
  if (!row) {
    throw new GraphQLError('This API key is wrong or was revoked. Ask the shop for a new one.', {
      extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } },
    })
  }
  return { kind: 'API_KEY', id: row.id, name: row.name, scopes: new Set(row.scopes) }
}
