import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Constructor, DataloaderType } from '@mikro-orm/core'
import { type Migration, Migrator } from '@mikro-orm/migrations'
import { type EntityManager, MikroORM } from '@mikro-orm/sql'
import { StartError } from '../env.ts'
import { ApiKey } from './auth/api-key.entity.ts'
import { PiiRead } from './auth/pii-read.entity.ts'
import { StaffSession } from './auth/staff-session.entity.ts'
import { Call } from './calls/call.entity.ts'
import { FunctionCall } from './calls/function-call.entity.ts'
import { Event } from './events/event.entity.ts'
import { Reader } from './events/reader.entity.ts'
import { MenuItem } from './menu/menu-item.entity.ts'
import { migrations as postgresqlMigrations } from './migrations/postgresql/list.ts'
import { migrations as sqliteMigrations } from './migrations/sqlite/list.ts'
import { OrderItem } from './orders/order-item.entity.ts'
import { Order } from './orders/order.entity.ts'
import { connectionOptions, hasDatabase, oneAtATime, ShopPostgreSqlDriver } from './postgresql.ts'
import { Shop } from './shops/shop.entity.ts'
import { Sms } from './sms/sms.entity.ts'
import { ShopSqliteDriver, sqliteDialect } from './sqlite.ts'
import { WebhookDelivery } from './webhooks/webhook-delivery.entity.ts'
import { Webhook } from './webhooks/webhook.entity.ts'

export const entities = [
  ApiKey,
  Call,
  Event,
  FunctionCall,
  MenuItem,
  Order,
  OrderItem,
  PiiRead,
  Reader,
  Shop,
  Sms,
  StaffSession,
  Webhook,
  WebhookDelivery,
]

export interface DatabaseOptions {
  /** Called with every SQL statement, for tests that count them and for LOG_LEVEL=trace. */
  onQuery?: (sql: string, params: readonly unknown[]) => void
  /** Called with what the ORM has to say, such as a warning. Nothing is printed without it. */
  onMessage?: (message: string) => void
  /** Makes no database where there is none. */
  existing?: boolean
  /** Called once the tables are there, while no other process that starts on the same database is. */
  fill?: (em: EntityManager) => Promise<void>
}

const migrationList = (list: Record<string, Constructor<Migration>>) =>
  Object.entries(list).map(([name, Class]) => ({ name, class: Class }))

/** The ORM's settings for an address like `sqlite:data/bobarista.db`, `sqlite::memory:` or `postgres://…`. */
export function databaseOptions(url: string, { onQuery, onMessage }: DatabaseOptions = {}) {
  const common = {
    entities,
    extensions: [Migrator],
    dataloader: DataloaderType.ALL,
    // A call's order is asked for where it is needed; joining it to every look at a call costs each of them.
    autoJoinOneToOneOwner: false,
    logger: (message: string) => onMessage?.(message),
    onQuery: (sql: string, params: readonly unknown[]) => {
      onQuery?.(sql, params)
      return sql
    },
  }
  if (url.startsWith('sqlite:')) {
    const file = url.slice('sqlite:'.length)
    if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true })
    return {
      ...common,
      driver: ShopSqliteDriver,
      dbName: file,
      driverOptions: sqliteDialect(file),
      migrations: { migrationsList: migrationList(sqliteMigrations), snapshot: false, silent: true },
    }
  }
  return {
    ...common,
    driver: ShopPostgreSqlDriver,
    clientUrl: url,
    driverOptions: connectionOptions(url),
    migrations: { migrationsList: migrationList(postgresqlMigrations), snapshot: false, silent: true },
  }
}

/**
 * Opens the database and brings its tables up to date.
 * @throws StartError when it cannot be opened: the sentence names it and says what to do
 */
export async function openDatabase(url: string, options: DatabaseOptions = {}): Promise<MikroORM> {
  let orm: MikroORM | undefined
  const open = async (): Promise<MikroORM> => {
    orm = (await MikroORM.init(databaseOptions(url, options) as never)) as MikroORM
    await orm.migrator.up()
    await options.fill?.(orm.em.fork())
    return orm
  }
  const sqlite = url.startsWith('sqlite:')
  const place = sqlite ? url : url.replace(/\/\/.*@/, '//…@')
  try {
    if (options.existing && !(sqlite ? existsSync(url.slice('sqlite:'.length)) : await hasDatabase(url)))
      throw new StartError(`There is no database ${place} yet. Check DATABASE_URL.`)
    return await (sqlite ? open() : oneAtATime(url, open))
  } catch (error) {
    await orm?.close(true).catch(() => undefined)
    if (error instanceof StartError) throw error
    throw new StartError(
      `The database ${place} cannot be used: ${reasonOf(error)}. ` +
        'Check DATABASE_URL, that the file can be read and written, and that no other program damaged it.',
      { cause: error },
    )
  }
}

/** A host with several addresses that were all tried in vain is an error without words. */
const reasonOf = (error: unknown) => (error as Error).message || String((error as { code?: unknown }).code)
