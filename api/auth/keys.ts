import { createHash, timingSafeEqual } from 'node:crypto'
import { HeaderMap } from '@apollo/server'
import type { EntityManager } from '@mikro-orm/sql'
import { GraphQLError } from 'graphql'
import { readRows } from '../rows.ts'
import { ApiKey } from './api-key.entity.ts'
import { isMistyped, newKey } from './key-format.ts'
import type { Scope } from './scopes.ts'
import type { Viewer } from './viewer.ts'

/** SHA-256, hex: how secrets are kept. */
export const sha256 = (secret: string): string => createHash('sha256').update(secret).digest('hex')

const prefixOf = (key: string) => key.slice(0, 9)

/** Id of the row whose key stands in the configuration. */
export const voiceKeyId = 'key_voice'

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
 * Gives a row a new key. The one it had works for so long beside it; one that was still working from an earlier
 * rotation is worth nothing any more.
 * @param overlap in milliseconds
 * @returns the new key, to be shown once
 */
export async function rotateKey(em: EntityManager, row: ApiKey, overlap: number): Promise<string> {
  const key = newKey()
  row.previousHash = row.hash
  row.previousUntil = new Date(Date.now() + overlap)
  row.hash = sha256(key)
  row.prefix = prefixOf(key)
  await em.flush()
  return key
}

/**
 * Makes the key of the configuration the one the voice process may use. It has one row for good, so that a key which
 * was replaced in the configuration is worth nothing from the next start on. A key that was made by hand stays as it
 * was made.
 */
export async function storeVoiceKey(em: EntityManager, key: string): Promise<void> {
  const hash = sha256(key)
  if (await rowOfKey(em, hash)) return
  const row = {
    id: voiceKeyId,
    name: 'voice',
    hash,
    prefix: prefixOf(key),
    scopes: ['calls:write' as const],
  }
  await em.upsert(ApiKey, { ...row, createdAt: new Date(), revokedAt: null })
}

/** Whether a key of this hash opens what the row may do. */
export const opens = ({ hash, previousHash, previousUntil, revokedAt }: ApiKey, given: string): boolean =>
  !revokedAt && (same(given, hash) || (same(given, previousHash) && previousUntil! > new Date()))

const same = (given: string, kept: string | null) =>
  kept?.length === given.length && timingSafeEqual(Buffer.from(given), Buffer.from(kept))

/**
 * The row of a key, revoked or not, only to be shown. Looking it up by its hash leaks no timing of the key: who does not have the key
 * cannot choose how its hash begins.
 */
export async function rowOfKey(em: EntityManager, hash: string): Promise<ApiKey | null> {
  // One after the other: nearly every key is a present one, and finds its row by a single index.
  const [row] = await readRows(em, ApiKey, { hash })
  return row ?? (await readRows(em, ApiKey, { previousHash: hash }))[0] ?? null
}

/**
 * Who holds the key.
 * @throws GraphQLError UNAUTHENTICATED when it is wrong, revoked, or was rotated too long ago
 */
export async function viewerOfKey(em: EntityManager, key: string): Promise<Viewer> {
  const hash = sha256(key)
  const row = await rowOfKey(em, hash)
  if (row && opens(row, hash)) {
    return { kind: 'API_KEY', id: row.id, proof: hash, name: row.name, scopes: new Set(row.scopes) }
  }
  throw notAKey(
    !row && isMistyped(key)
      ? 'This API key is mistyped or cut off: its checksum does not fit. Copy the whole key.'
      : 'This API key is wrong, was replaced or was revoked. Ask the shop for a new one.',
  )
}

/** What was sent as a key opens nothing. RFC 9110 wants a 401 to say how one proves who one is. */
export const notAKey = (message: string) =>
  new GraphQLError(message, {
    extensions: {
      code: 'UNAUTHENTICATED',
      http: { status: 401, headers: new HeaderMap([['www-authenticate', 'Bearer']]) },
    },
  })
