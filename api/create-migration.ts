import 'reflect-metadata'
import { MikroORM } from '@mikro-orm/sql'
import { databaseOptions } from './database.ts'

/**
 * Writes the difference between the entities and the migrations there are as a new migration:
 * `npm run migration -- sqlite::memory:` or with the address of an empty PostgreSQL database. Add it to `list.ts`.
 */
const url = process.argv[2] ?? 'sqlite::memory:'
const engine = url.startsWith('sqlite:') ? 'sqlite' : 'postgresql'
const options = databaseOptions(url)
const path = `api/migrations/${engine}`
const orm = await MikroORM.init({
  ...options,
  migrations: { ...options.migrations, path, pathTs: path, emit: 'ts' },
} as never)
await orm.migrator.up()
const { fileName, diff } = await orm.migrator.create(path)
console.log(
  diff.up.length ? `${path}/${fileName}` : 'The migrations already make every table as the entities have it.',
)
await orm.close()
