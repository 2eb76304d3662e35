/** What keeps a database from working that works again later, by itself or once somebody has helped. */
export type Trouble = 'away' | 'full'

/** The connection broke while a transaction was being committed: it may have been, or not. */
export class CommitUnknown extends Error {
  constructor(cause: unknown) {
    super(`the connection broke during a commit: ${(cause as Error).message}`, { cause })
  }
}

/** A locked file counts as away: somebody else has the database. */
const sqlite = /^SQLITE_(BUSY|LOCKED|IOERR|CANTOPEN|READONLY|PROTOCOL)/

/**
 * SQLSTATE: connection exceptions, insufficient resources, operator intervention, system errors, lock not available,
 * a read-only server (a standby that has not taken over yet), and conflicts that were tried again in vain.
 */
const postgresql = /^(08|53|57|58)|^(55P03|25006|40001|40P01)$/

const network = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])

/** What `pg` says without a code. */
const lostConnection =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout exceeded when trying to connect|timeout expired)/

/** Why the database did not do what it was asked for; undefined when that is not the database's state. */
export function troubleOf(error: unknown): Trouble | undefined {
  if (error instanceof CommitUnknown) return 'away'
  if (!(error instanceof Error)) return undefined
  const { code } = error as { code?: unknown }
  if (typeof code !== 'string') return lostConnection.test(error.message) ? 'away' : undefined
  if (code === 'SQLITE_FULL' || code === '53100') return 'full'
  return sqlite.test(code) || postgresql.test(code) || network.has(code) ? 'away' : undefined
}
