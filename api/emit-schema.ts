import { readFile, writeFile } from 'node:fs/promises'
import { lexicographicSortSchema, printSchema } from 'graphql'
import { createSchema } from './schema.ts'

/**
 * Writes `schema.graphql`, the contract for everything that is not the api. With `--check` it writes nothing and ends
 * with 1 when the file says something else than the code.
 */
const file = 'schema.graphql'
const emitted = `${printSchema(lexicographicSortSchema(createSchema()))}\n`

if (process.argv.includes('--check')) {
  if ((await readFile(file, 'utf8').catch(() => '')) !== emitted) {
    console.error(`${file} says something else than the code. Run \`npm run schema\` and commit it.`)
    process.exitCode = 1
  }
} else {
  await writeFile(file, emitted)
}
