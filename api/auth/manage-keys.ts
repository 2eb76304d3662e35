import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/sql'
import { refuse } from '../carts/refusal.ts'
import { unprintable } from '../unprintable.ts'
import { ApiKey } from './api-key.entity.ts'
import { newKey } from './key-format.ts'
import { rotateKey, storeKey, voiceKeyId } from './keys.ts'
import { type Scope, scopes } from './scopes.ts'

export const longestKeyName = 100
/** In minutes. */
export const usualOverlap = 24 * 60
export const longestOverlap = 30 * 24 * 60

/** A row and its key, which is shown this once. */
export interface Issued {
  row: ApiKey
  key: string
}

/**
 * Makes a key.
 * @throws Refusal BAD_NAME, NAME_NEEDED, NAME_TOO_LONG, SCOPES_NEEDED, UNKNOWN_SCOPE
 */
export async function createKey(em: EntityManager, name: string, wanted: string[]): Promise<Issued> {
  const trimmed = name.trim()
  if (!trimmed) refuse('NAME_NEEDED', 'Say whose key it is, e.g. "Loyalty app".', ['input', 'name'])
  if (trimmed.length > longestKeyName) {
    refuse('NAME_TOO_LONG', `A name has ${longestKeyName} characters at most. Give a shorter one.`, [
      'input',
      'name',
    ])
  }
  if (unprintable.test(trimmed)) {
    const sentence =
      'That name holds line breaks or other characters that steer how text is shown. It is listed: leave them out.'
    refuse('BAD_NAME', sentence, ['input', 'name'])
  }
  if (wanted.length === 0) {
    refuse('SCOPES_NEEDED', `Say what the key may do. There are: ${scopes.join(', ')}.`, ['input', 'scopes'])
  }
  const allowed = [...new Set(wanted.map(scopeOf))]
  const key = newKey()
  return { row: await storeKey(em, key, trimmed, allowed), key }
}

function scopeOf(text: string): Scope {
  return (
    scopes.find(scope => scope === text) ??
    refuse('UNKNOWN_SCOPE', `There is no scope "${text}". There are: ${scopes.join(', ')}.`, [
      'input',
      'scopes',
    ])
  )
}

/**
 * Gives a row a new key, beside which the old one works for so many minutes.
 * @throws Refusal KEY_NOT_FOUND, KEY_REVOKED, VOICE_KEY, BAD_OVERLAP
 */
export function rotate(em: EntityManager, id: string, overlap: number): Promise<Issued> {
  if (overlap < 0 || overlap > longestOverlap) {
    refuse('BAD_OVERLAP', `The old key may work for 0 to ${longestOverlap} minutes more (30 days).`, [
      'input',
      'overlapMinutes',
    ])
  }
  return em.transactional(async tx => {
    const row = await lockedKey(tx, id)
    if (row.revokedAt) {
      refuse('KEY_REVOKED', `The key of "${row.name}" is revoked. Make a new one.`, ['input', 'id'])
    }
    refuseVoiceKey(row)
    return { row, key: await rotateKey(tx, row, overlap * 60_000) }
  })
}

/**
 * Revokes a key, with the one it was before. Doing it again changes nothing.
 * @throws Refusal KEY_NOT_FOUND, VOICE_KEY
 */
export function revoke(em: EntityManager, id: string): Promise<ApiKey> {
  return em.transactional(async tx => {
    const row = await lockedKey(tx, id)
    refuseVoiceKey(row)
    row.revokedAt ??= new Date()
    return row
  })
}

/** Without its key the voice process takes no calls, and there would be no way back but the one that is told here. */
function refuseVoiceKey({ id }: ApiKey): void {
  if (id !== voiceKeyId) return
  const sentence =
    'This is the key of the voice process. Set another VOICE_API_KEY and start again; the old one is refused from then on.'
  refuse('VOICE_KEY', sentence, ['input', 'id'])
}

/** Locked, so that of two who rotate it at the same moment neither is shown a key that is worth nothing already. */
async function lockedKey(em: EntityManager, id: string): Promise<ApiKey> {
  return (
    (await em.findOne(ApiKey, id, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })) ??
    refuse('KEY_NOT_FOUND', `There is no key ${id}. The list of keys shows their ids.`, ['input', 'id'])
  )
}
