import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import { loadDotEnv, readEnv, StartError } from '../env.ts'
import { databaseShape } from './env.ts'

const help = `A copy of the database as it is at one moment, made while everything runs.

  npm run backup            to backups/, named after the time
  npm run backup -- FILE    to that file, which must not exist yet`

/** Only for whoever runs the shop: it holds phone numbers. */
const ownerOnly = 0o600

/**
 * Copies a SQLite file in one read transaction, which neither waits for writers nor holds them up, and checks the copy.
 * @throws StartError when the file is missing or damaged
 */
async function copySqlite(file: string, target: string): Promise<void> {
  if (!existsSync(file)) throw new StartError(`There is no database ${file} yet. Check DATABASE_URL.`)
  const database = new Database(file, { timeout: 5_000 })
  try {
    database.prepare('vacuum into ?').run(target)
  } finally {
    database.close()
  }
  const copy = new Database(target, { readonly: true })
  try {
    const fault = copy.pragma('integrity_check', { simple: true }) as string
    if (fault !== 'ok') throw new StartError(`The copy of ${file} is damaged (${fault}), so it was not kept.`)
  } finally {
    copy.close()
  }
}

/**
 * Lets `pg_dump` copy a PostgreSQL database, in one snapshot.
 * @throws StartError when it is not installed
 */
async function dumpPostgres(url: string, target: string): Promise<void> {
  const server = new URL(url)
  const password = decodeURIComponent(server.password)
  // Not on the command line, where everybody on the machine can read it.
  server.password = ''
  const env = { ...process.env, ...(password && { PGPASSWORD: password }) }
  try {
    await promisify(execFile)('pg_dump', ['--format=custom', `--file=${target}`, `--dbname=${server.href}`], {
      env,
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new StartError('pg_dump is missing. Install it, on Debian: apt-get install postgresql-client')
  }
}

/** → what was written */
async function backUp(): Promise<string> {
  const [file, ...rest] = process.argv.slice(2)
  if (rest.length > 0 || file?.startsWith('-')) throw new StartError(help)
  const { DATABASE_URL: url } = readEnv(databaseShape, process.env)
  const sqlite = url.startsWith('sqlite:')
  const time = new Date().toISOString().replace(/\.\d+|[:]/g, '')
  const target = file ?? `backups/bobarista-${time}.${sqlite ? 'db' : 'dump'}`
  if (existsSync(target))
    throw new StartError(`${target} exists already and is left as it is. Name another file.`)
  await mkdir(dirname(target), { recursive: true })
  // Under its own name stands only what is whole.
  const part = `${target}.part`
  await rm(part, { force: true })
  try {
    await (sqlite ? copySqlite(url.slice('sqlite:'.length), part) : dumpPostgres(url, part))
    await chmod(part, ownerOnly)
    await rename(part, target)
  } catch (error) {
    await rm(part, { force: true })
    if (error instanceof StartError) throw error
    throw new StartError(`The backup failed, nothing was kept: ${(error as Error).message}`, { cause: error })
  }
  return `${target} (${Math.ceil((await stat(target)).size / 1_024)} KiB)`
}

try {
  loadDotEnv()
  console.log(await backUp())
} catch (error) {
  if (!(error instanceof StartError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
