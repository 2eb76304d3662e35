import { SqliteDriver } from '@mikro-orm/sqlite'
import type { EntityManager } from '@mikro-orm/sql'

/**
 * Empties SQLite's write-ahead file, in which pages still are as they were before something was erased from them.
 * @returns whether it is empty: not while another program reads; `server` for PostgreSQL, whose files are its own
 */
export async function sweep(em: EntityManager): Promise<'empty' | 'busy' | 'server'> {
  if (!(em.getDriver() instanceof SqliteDriver)) return 'server'
  const [row] = await em.fork().execute<{ busy: number }[]>('pragma wal_checkpoint(truncate)')
  return row?.busy === 0 ? 'empty' : 'busy'
}
