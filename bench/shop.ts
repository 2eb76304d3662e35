import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { others } from './cores.ts'
import { type Program, startProgram } from './program.ts'

/** An API key as voice has one; known to the api of one measurement only. */
export const voiceKey = 'boba_benchmarkbenchmarkbenchmark'

export interface Shop extends Pick<Program, 'url' | 'measure'> {
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
 */
export async function startShop({ database }: { database?: string } = {}): Promise<Shop> {
  const { folder, remove } = temporaryFolder()
  const api = await startProgram('dist/api/main.js', {
    core: others,
    env: {
      DATABASE_URL: database ?? `sqlite:${join(folder, 'bobarista.db')}`,
      STAFF_PIN: '135790',
      VOICE_API_KEY: voiceKey,
    },
  })
  return {
    url: api.url,
    measure: api.measure,
    close: async () => {
      await api.stop()
      remove()
    },
  }
}
