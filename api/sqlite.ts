import Database from 'better-sqlite3'
import { CompiledQuery, SqliteDialect, type Driver, type SqliteDatabase } from 'kysely'
import { LRUCache } from 'lru-cache'
import { returnConnections } from './transactions.ts'
import { Turns } from './turns.ts'

/** How long a file may be locked by another program, in milliseconds. Nobody is answered while SQLite waits. */
const busyTimeout = 1_000

/**
 * SQLite for a shop: WAL so that reading never waits for writing, every commit on the disk before it is answered
 * (`synchronous = full`: a caller has heard the number, so a power cut must not take the order), what is deleted
 * overwritten (`secure_delete`: SQLite otherwise only forgets where it stood, and a number that was erased could be read
 * out of the file and of every copy of it), and transactions that take the write lock at once, because one that reads
 * first and writes later may be refused half-way when another process wrote in between.
 */
class ShopDialect extends SqliteDialect {
  override createDriver(): Driver {
    const driver = super.createDriver()
    driver.beginTransaction = async connection => {
      await connection.executeQuery(CompiledQuery.raw('begin immediate'))
    }
    const acquire = driver.acquireConnection.bind(driver)
    const turns = new Turns()
    driver.acquireConnection = async options => {
      await turns.take()
      return acquire(options)
    }
    return returnConnections(driver)
  }
}

/**
 * @param file path of the database, or ":memory:"
 * @throws when the file cannot be opened or is no database
 */
export function sqliteDialect(file: string): SqliteDialect {
  const database = new Database(file, { timeout: busyTimeout })
  try {
    database.pragma('journal_mode = wal')
    database.pragma('synchronous = full')
    database.pragma('secure_delete = on')
  } catch (error) {
    database.close()
    throw error
  }
  return new ShopDialect({ database: withKeptStatements(database) })
}

/** So many different statements are kept ready to run; the api has fewer, but for lists of different lengths. */
const keptStatements = 1_000

/** A statement is prepared once and not each time it is run, which is half of what a small one costs. */
function withKeptStatements(database: Database.Database): SqliteDatabase {
  const kept = new LRUCache<string, Database.Statement>({ max: keptStatements })
  return {
    prepare: sql => {
      const known = kept.get(sql)
      if (known) return known
      const statement = database.prepare(sql)
      kept.set(sql, statement)
      return statement
    },
    close: () => void database.close(),
  }
}
