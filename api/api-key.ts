import { parseArgs } from 'node:util'
import type { EntityManager } from '@mikro-orm/sql'
import { loadDotEnv, readEnv, StartError } from '../env.ts'
import { ApiKey } from './auth/api-key.entity.ts'
import { newKey, storeKey } from './auth/keys.ts'
import { type Scope, scopes } from './auth/scopes.ts'
import { openDatabase } from './database.ts'
import { databaseShape } from './env.ts'

const help = `Keys for programs that use the API.

  npm run api-key -- create NAME --scope SCOPE [--scope SCOPE …]
  npm run api-key -- list
  npm run api-key -- revoke ID

Scopes: ${scopes.join(' ')}`

/** @throws StartError when the command is none of those above */
function readCommand(): (em: EntityManager) => Promise<string> {
  const { positionals, values } = read()
  const [command, subject, ...rest] = positionals
  if (rest.length > 0) throw new StartError(`"${rest[0]}" is too much. Put a name in quotes.\n\n${help}`)
  if (command !== 'create' && values.scope) throw new StartError('--scope belongs to create.')
  switch (command) {
    case 'create': {
      if (!subject?.trim())
        throw new StartError('Say whose key it is: create "Loyalty app" --scope orders:read')
      const wanted = (values.scope ?? []).flatMap(text => text.split(',')).map(scopeOf)
      if (wanted.length === 0) {
        throw new StartError(`Say what the key may do, with --scope. There are: ${scopes.join(', ')}.`)
      }
      return em => create(em, subject.trim(), [...new Set(wanted)])
    }
    case 'list':
      return list
    case 'revoke':
      if (!subject) throw new StartError('Say which key: revoke ID. `list` shows the ids.')
      return em => revoke(em, subject)
    case undefined:
      throw new StartError(help)
    default:
      throw new StartError(`There is no command "${command}".\n\n${help}`)
  }
}

function read() {
  try {
    return parseArgs({ allowPositionals: true, options: { scope: { type: 'string', multiple: true } } })
  } catch (error) {
    throw new StartError(`${(error as Error).message.split('. ')[0]}.\n\n${help}`)
  }
}

function scopeOf(text: string): Scope {
  const scope = scopes.find(each => each === text.trim())
  if (!scope) throw new StartError(`There is no scope "${text}". There are: ${scopes.join(', ')}.`)
  return scope
}

async function create(em: EntityManager, name: string, allowed: Scope[]): Promise<string> {
  const key = newKey()
  const { id } = await storeKey(em, key, name, allowed)
  return `${key}\n\nThis is the key of "${name}" (${id}) for ${allowed.join(', ')}. It is shown this once; keep it now.`
}

async function list(em: EntityManager): Promise<string> {
  const keys = await em.find(ApiKey, {}, { orderBy: { createdAt: 'asc' } })
  if (keys.length === 0) return 'There are no keys yet.'
  return keys
    .map(({ id, prefix, name, scopes: allowed, createdAt, revokedAt }) => {
      const state = revokedAt ? `revoked ${dayOf(revokedAt)}` : `since ${dayOf(createdAt)}`
      return `${id}  ${prefix}…  ${name}  ${allowed.join(' ')}  ${state}`
    })
    .join('\n')
}

async function revoke(em: EntityManager, id: string): Promise<string> {
  const key = await em.findOne(ApiKey, id)
  if (!key) throw new StartError(`There is no key ${id}. \`npm run api-key -- list\` shows them.`)
  if (key.revokedAt) return `${key.name} was revoked on ${dayOf(key.revokedAt)} already.`
  key.revokedAt = new Date()
  await em.flush()
  return `The key of "${key.name}" is revoked. It is refused from now on.`
}

const dayOf = (at: Date) => at.toISOString().slice(0, 10)

try {
  loadDotEnv()
  const run = readCommand()
  const orm = await openDatabase(readEnv(databaseShape, process.env).DATABASE_URL)
  try {
    console.log(await run(orm.em.fork()))
  } finally {
    await orm.close(true)
  }
} catch (error) {
  if (!(error instanceof StartError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
