import { readFile, writeFile } from 'node:fs/promises'
import { lexicographicSortSchema, printSchema } from 'graphql'
import { costPage } from './limits/cost-page.ts'
import { createSchema } from './schema.ts'

/**
 * Writes what is made from the schema: `schema.graphql`, the contract for everything that is not the api, and what
 * requests cost. With `--check` it writes nothing and ends with 1 when a file says something else than the code.
 */
const schema = createSchema()
const files = {
  'schema.graphql': `${printSchema(lexicographicSortSchema(schema))}\n`,
  'docs/cost.md': costPage(schema),
}

for (const [file, emitted] of Object.entries(files)) {
  if (!process.argv.includes('--check')) await writeFile(file, emitted)
  else if ((await readFile(file, 'utf8').catch(() => '')) !== emitted) {
    console.error(`${file} says something else than the code. Run \`npm run schema\` and commit it.`)
    process.exitCode = 1
  }
}
