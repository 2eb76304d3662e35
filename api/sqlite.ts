import type { Configuration } from '@mikro-orm/core'
import { SqliteConnection, SqliteDriver } from '@mikro-orm/sqlite'
import Database from 'better-sqlite3'
import { CompiledQuery, type Driver, type Kysely, type SqliteDatabase, SqliteDialect } from 'kysely'
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

/** The ORM's driver for SQLite, with values bound to statements. */
export class ShopSqliteDriver extends SqliteDriver {
  protected override readonly connection: SqliteConnection

  constructor(config: Configuration) {
    super(config)
    this.connection = new ShopConnection(config)
  }
}

/**
 * The ORM writes values into its statements (MikroORM 7), so that each is a new one to SQLite, which prepares it anew.
 * Bound, there are a few hundred that are kept.
 */
class ShopConnection extends SqliteConnection {
  override async execute<T>(...asked: Parameters<SqliteConnection['execute']>): Promise<T> {
    const [query, params = [], method = 'all', ctx] = asked
    if (typeof query !== 'string' || !Array.isArray(params)) return super.execute(...asked) as Promise<T>
    const bound = bind(query, params)
    if (!bound) return super.execute(...asked) as Promise<T>
    await this.ensureConnection()
    this.config.get('onQuery')(query, params)
    const client = (ctx ?? this.getClient()) as Kysely<unknown>
    return this.transformRawResult<T>(await client.executeQuery(bound), method)
  }
}

/** A value of an enum. SQLite sees that an index of some of them fits only when they stand in the statement itself. */
const constant = /^[A-Z][A-Z_]*$/

/** So many values SQLite takes beside a statement. */
const mostValues = 32_766

/** A statement with its values beside it; nothing where something else than a value stands for a `?`. */
function bind(query: string, params: readonly unknown[]): CompiledQuery | undefined {
  const [first, ...parts] = query.split('?')
  if (parts.length !== params.length || parts.length > mostValues) return undefined
  const values: unknown[] = []
  const inserts = first!.startsWith('insert')
  let sql = first!
  for (const [index, part] of parts.entries()) {
    const param = params[index]
    if (!inserts && typeof param === 'string' && constant.test(param)) sql += `'${param}'`
    else {
      const value = valueOf(param)
      if (value === undefined) return undefined
      values.push(value)
      sql += '?'
    }
    sql += part
  }
  return CompiledQuery.raw(sql, values)
}

/** As SQLite takes it; nothing for what is no single value. A number would be bound as a REAL, even a whole one. */
function valueOf(param: unknown): string | bigint | number | null | undefined {
  if (param === null || param === undefined) return null
  if (typeof param === 'string') return param
  if (typeof param === 'number') return Number.isSafeInteger(param) ? BigInt(param) : param
  if (typeof param === 'boolean') return param ? 1n : 0n
  return param instanceof Date ? BigInt(param.getTime()) : undefined
}
