import { loadDotEnv, readEnv, StartError } from '../env.ts'
import { Refusal } from './carts/refusal.ts'
import { openDatabase } from './database.ts'
import { databaseShape } from './env.ts'
import { keysCommand } from './owner/keys.ts'

try {
  loadDotEnv()
  const run = keysCommand(process.argv.slice(2), 'npm run api-key --')
  const orm = await openDatabase(readEnv(databaseShape, process.env).DATABASE_URL)
  try {
    console.log(await run(orm.em.fork()))
  } finally {
    await orm.close(true)
  }
} catch (error) {
  if (!(error instanceof StartError || error instanceof Refusal)) throw error
  console.error(error.message)
  process.exitCode = 1
}
