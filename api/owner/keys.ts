import { parseArgs } from 'node:util'
import type { EntityManager } from '@mikro-orm/sql'
import { StartError } from '../../env.ts'
import { ApiKey } from '../auth/api-key.entity.ts'
import { rowOfKey, sha256 } from '../auth/keys.ts'
import { createKey, revoke, rotate, usualOverlap } from '../auth/manage-keys.ts'
import { PiiRead } from '../auth/pii-read.entity.ts'
import { scopes } from '../auth/scopes.ts'

const helpOf = (program: string) => `Keys for programs that use the API.

  ${program} create NAME --scope SCOPE [--scope SCOPE …]
  ${program} list
  ${program} rotate ID [--overlap 24h]   a new key; the old one works so much longer (30m, 24h, 7d; 0m)
  ${program} revoke ID                   or the key itself, when it was found somewhere
  ${program} reads [ID]                  who has read phone numbers, names and words of guests, and when

Scopes: ${scopes.join(' ')}
keys:write is the owner's: with such a key a program manages the other keys.`

/** Reads that are shown. */
const shownReads = 50

const minutesOf: Record<string, number> = { m: 1, h: 60, d: 24 * 60 }

/**
 * What is to be done with keys.
 * @param program how it is called: its help says so
 * @throws StartError when the command is none of those above
 */
export function keysCommand(args: string[], program: string): (em: EntityManager) => Promise<string> {
  const help = helpOf(program)
  const { positionals, values } = read(args, help)
  const [command, subject, ...rest] = positionals
  if (rest.length > 0) throw new StartError(`"${rest[0]}" is too much. Put a name in quotes.\n\n${help}`)
  if (command !== 'create' && values.scope) throw new StartError('--scope belongs to create.')
  if (command !== 'rotate' && values.overlap) throw new StartError('--overlap belongs to rotate.')
  switch (command) {
    case 'create': {
      if (!subject?.trim())
        throw new StartError('Say whose key it is: create "Loyalty app" --scope orders:read')
      const wanted = (values.scope ?? []).flatMap(text => text.split(',')).map(text => text.trim())
      if (wanted.length === 0) {
        throw new StartError(`Say what the key may do, with --scope. There are: ${scopes.join(', ')}.`)
      }
      return em => create(em, subject, wanted)
    }
    case 'list':
      return list
    case 'rotate': {
      if (!subject) throw new StartError('Say which key: rotate ID. `list` shows the ids.')
      const overlap = overlapOf(values.overlap)
      return em => replace(em, subject, overlap)
    }
    case 'revoke':
      if (!subject) throw new StartError('Say which key: revoke ID. `list` shows the ids.')
      return em => end(em, subject)
    case 'reads':
      return em => reads(em, subject)
    case undefined:
      throw new StartError(help)
    default:
      throw new StartError(`There is no command "${command}".\n\n${help}`)
  }
}

function read(args: string[], help: string) {
  try {
    const scope = { type: 'string', multiple: true } as const
    return parseArgs({ args, allowPositionals: true, options: { scope, overlap: { type: 'string' } } })
  } catch (error) {
    throw new StartError(`${(error as Error).message.split('. ')[0]}.\n\n${help}`)
  }
}

/** → minutes */
function overlapOf(text: string | undefined): number {
  if (text === undefined) return usualOverlap
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  if (!unit) throw new StartError(`"${text}" is no time. Say how long the old key works: 30m, 24h or 7d.`)
  return Number(count) * minutesOf[unit]!
}

async function create(em: EntityManager, name: string, wanted: string[]): Promise<string> {
  const { row, key } = await createKey(em, name, wanted)
  return `${key}\n\nThis is the key of "${row.name}" (${row.id}) for ${row.scopes.join(', ')}. It is shown this once; keep it now.`
}

async function list(em: EntityManager): Promise<string> {
  const keys = await em.find(ApiKey, {}, { orderBy: { createdAt: 'asc' } })
  if (keys.length === 0) return 'There are no keys yet.'
  return keys
    .map(row => `${row.id}  ${row.prefix}…  ${row.name}  ${row.scopes.join(' ')}  ${stateOf(row)}`)
    .join('\n')
}

function stateOf({ createdAt, lastUsedAt, previousUntil, revokedAt }: ApiKey): string {
  if (revokedAt) return `revoked ${dayOf(revokedAt)}`
  const rotated =
    previousUntil && previousUntil > new Date() ? `, old key until ${minuteOf(previousUntil)}` : ''
  return `since ${dayOf(createdAt)}, ${lastUsedAt ? `last used ${minuteOf(lastUsedAt)}` : 'never used'}${rotated}`
}

async function replace(em: EntityManager, id: string, overlap: number): Promise<string> {
  const { row, key } = await rotate(em, id, overlap)
  const old = overlap > 0 ? `works until ${minuteOf(row.previousUntil!)}` : 'is refused from now on'
  return `${key}\n\nThis is the new key of "${row.name}" (${row.id}). It is shown this once; keep it now. The old one ${old}.`
}

async function end(em: EntityManager, subject: string): Promise<string> {
  const found = subject.startsWith('boba_') ? await rowOfKey(em, sha256(subject)) : null
  if (subject.startsWith('boba_') && !found) throw new StartError('That is no key of this shop.')
  const id = found?.id ?? subject
  const before = await em.fork().findOne(ApiKey, id)
  if (before?.revokedAt) return `${before.name} was revoked on ${dayOf(before.revokedAt)} already.`
  const { name } = await revoke(em, id)
  return `The key of "${name}" is revoked. It is refused from now on.`
}

async function reads(em: EntityManager, id: string | undefined): Promise<string> {
  const where = id === undefined ? {} : { apiKey: id }
  const rows = await em.find(PiiRead, where, { orderBy: { at: 'desc', id: 'desc' }, limit: shownReads })
  if (rows.length === 0) return 'No key has read phone numbers, names or words of guests.'
  const keys = await em.find(ApiKey, { id: { $in: rows.map(({ apiKey }) => apiKey) } })
  const names = new Map(keys.map(key => [key.id, key.name]))
  return rows
    .map(({ at, apiKey, fields, orders, calls, count }) => {
      const of = [...orders, ...calls].join(' ')
      return `${minuteOf(at)}  ${apiKey}  ${names.get(apiKey) ?? '?'}  ${count} × ${fields.join(' ')}  ${of}`
    })
    .join('\n')
}

const dayOf = (at: Date) => at.toISOString().slice(0, 10)
const minuteOf = (at: Date) => `${at.toISOString().slice(0, 16)}Z`
