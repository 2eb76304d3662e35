import { randomBytes, randomInt } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { newKey } from '../api/auth/key-format.ts'
import { StartError } from '../env.ts'

const secrets = z.object({ STAFF_PIN: z.string(), VOICE_API_KEY: z.string(), WEBHOOK_KEY: z.string() })

type Secrets = z.infer<typeof secrets>

/** What is set stays; in production nothing is made up, and the processes say what is missing. */
export function secretsFor(env: NodeJS.ProcessEnv): Partial<NodeJS.ProcessEnv> {
  if (env.NODE_ENV === 'production' || (env.STAFF_PIN && env.VOICE_API_KEY && env.WEBHOOK_KEY)) {
    return {}
  }
  const { DATABASE_URL = '' } = env
  const file = DATABASE_URL.startsWith('sqlite:') ? DATABASE_URL.slice('sqlite:'.length) : 'data/bobarista.db'
  const kept = keptSecrets(join(dirname(file), 'secrets.json'))
  return {
    STAFF_PIN: env.STAFF_PIN || kept.STAFF_PIN,
    VOICE_API_KEY: env.VOICE_API_KEY || kept.VOICE_API_KEY,
    WEBHOOK_KEY: env.WEBHOOK_KEY || kept.WEBHOOK_KEY,
  }
}

/**
 * The secrets nobody has set, made up at the first start and kept in a file that only this user can read, so that
 * nothing has a default password and the PIN stays the same.
 * @throws StartError when the file cannot be read or written
 */
function keptSecrets(file: string): Secrets {
  let kept: Partial<Secrets> = {}
  try {
    kept = secrets.partial().parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new StartError(
        `The secrets in ${file} cannot be read. Mend the file, or delete it: a new staff PIN is made up then.`,
        { cause: error },
      )
    }
  }
  const made: Secrets = {
    STAFF_PIN: String(randomInt(100_000, 1_000_000)),
    VOICE_API_KEY: newKey(),
    WEBHOOK_KEY: randomBytes(32).toString('hex'),
    ...kept,
  }
  // A file that an older version has written lacks what only newer ones need.
  if (Object.keys(made).length === Object.keys(kept).length) return made
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 })
  } catch (error) {
    throw new StartError(
      `The secrets cannot be kept in ${file} (${(error as Error).message}). Set STAFF_PIN, VOICE_API_KEY and WEBHOOK_KEY, or make the folder writable.`,
      { cause: error },
    )
  }
  return made
}
