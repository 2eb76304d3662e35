import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { others } from './cores.ts'
import { environment, type Program, root, startProgram } from './program.ts'

/** An API key as voice has one; known to the api of one measurement only. */
export const voiceKey = 'boba_benchmarkbenchmarkbenchmark'

export interface Shop extends Pick<Program, 'url' | 'measure'> {
  /** An API key with the scopes that were asked for. */
  key: string
  close(): Promise<void>
}

/** A folder for one measurement. → its path and how to remove it */
export function temporaryFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'bobarista-bench-'))
  return { folder, remove: () => rmSync(folder, { recursive: true }) }
}

/**
 * The built api as a process of its own.
 * @param database `DATABASE_URL`; an empty database in a file if omitted
 * @param core it runs on; the one of all that is not measured if omitted
 * @param scopes of an API key that is made for it, besides the one of voice
 * @param rateLimitFactor by which what one client may spend and open is more than usual: a measurement of a thousand
 * boards is a single client
 */
export async function startShop({
  database,
  core = others,
  scopes = [],
  rateLimitFactor = 1,
}: { database?: string; core?: number; scopes?: string[]; rateLimitFactor?: number } = {}): Promise<Shop> {
  const { folder, remove } = temporaryFolder()
  const address = database ?? `sqlite:${join(folder, 'bobarista.db')}`
  const key = scopes.length > 0 ? await newKey(address, scopes) : voiceKey
  const api = await startProgram('dist/programs/api.js', {
    core,
    env: {
      // As a shop runs it; libraries check themselves less.
      NODE_ENV: 'production',
      DATABASE_URL: address,
      STAFF_PIN: '135790',
      VOICE_API_KEY: voiceKey,
      RATE_LIMIT_FACTOR: String(rateLimitFactor),
    },
  })
  return {
    url: api.url,
    key,
    measure: api.measure,
    close: async () => {
      await api.stop()
      remove()
    },
  }
}

async function newKey(database: string, scopes: string[]): Promise<string> {
  const args = ['dist/programs/api-key.js', 'create', 'Benchmark', '--scope', scopes.join(',')]
  const env = environment({ DATABASE_URL: database })
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env })
  return stdout.split('\n')[0]!
}
