import type { Configuration } from '@mikro-orm/core'
import { PostgreSqlConnection, PostgreSqlDriver } from '@mikro-orm/postgresql'
import type { PostgresDialect } from 'kysely'
import pg from 'pg'
import { CommitUnknown, troubleOf } from './database-errors.ts'
import { returnConnections } from './transactions.ts'

class ShopConnection extends PostgreSqlConnection {
  override createKyselyDialect(overrides: pg.PoolConfig): PostgresDialect {
    const dialect = super.createKyselyDialect(overrides)
    const createDriver = dialect.createDriver.bind(dialect)
    dialect.createDriver = () => {
      const driver = returnConnections(createDriver())
      const commit = driver.commitTransaction.bind(driver)
      driver.commitTransaction = connection =>
        commit(connection).catch((error: unknown) => {
          throw troubleOf(error) === 'away' ? new CommitUnknown(error) : error
        })
      return driver
    }
    return dialect
  }
}

/** PostgreSQL for a shop: a connection that is lost is given back, and a commit that nobody answered is known as one. */
export class ShopPostgreSqlDriver extends PostgreSqlDriver {
  protected override readonly connection: PostgreSqlConnection

  constructor(config: Configuration) {
    super(config)
    this.connection = new ShopConnection(config)
  }
}

/** How the server is reached. What the address says besides host and database, such as `?sslmode=require`, counts. */
export const connectionOptions = (url: string): pg.ClientConfig => ({
  connectionString: url,
  connectionTimeoutMillis: 10_000,
  keepAlive: true,
})

/** Any number that is the same in every process of ours. */
const startLock = 776_226_151

const noSuchDatabase = '3D000'
/** Another process was faster: CREATE DATABASE has no IF NOT EXISTS. */
const databaseThere = ['42P04', '23505']

/** Whether the server has the database. */
export async function hasDatabase(url: string): Promise<boolean> {
  try {
    await (await connect(url)).end()
    return true
  } catch (error) {
    if ((error as pg.DatabaseError).code === noSuchDatabase) return false
    throw error
  }
}

/**
 * Makes the database when it is not there, and runs `work` while no other process does the same on it: of several that
 * start at once, one makes the tables and the others find them.
 */
export async function oneAtATime<T>(url: string, work: () => Promise<T>): Promise<T> {
  const client = await connect(url).catch(async (error: unknown) => {
    if ((error as pg.DatabaseError).code !== noSuchDatabase) throw error
    await createDatabase(url)
    return connect(url)
  })
  try {
    await client.query('select pg_advisory_lock($1)', [startLock])
    return await work()
  } finally {
    // The lock goes with the connection.
    await client.end()
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(connectionOptions(url))
  // Whoever asks learns of a lost connection by what they asked; without a listener it would end the process.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function createDatabase(url: string): Promise<void> {
  const server = new URL(url)
  const name = decodeURIComponent(server.pathname.slice(1))
  server.pathname = '/postgres'
  const client = await connect(server.href)
  try {
    await client.query(`create database ${client.escapeIdentifier(name)}`)
  } catch (error) {
    if (!databaseThere.includes((error as pg.DatabaseError).code ?? '')) throw error
  } finally {
    await client.end()
  }
}
