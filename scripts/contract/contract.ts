import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { hashesIn, isNamed, withChanges, withRelease } from './change-log.ts'
import { changesBetween, type ContractChange, isCritical } from './changes.ts'

/**
 * Holds `schema.graphql` to the contract of the last release, of which there is a copy in `docs/contract/`:
 *
 *     check            fails when programs written for it may break and CHANGELOG.md does not say so, or when a copy
 *                      is not what was released
 *     changelog        writes what has changed into CHANGELOG.md, under "Unreleased"
 *     release VERSION  makes that the release of today, and keeps a copy of its contract
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { root: { type: 'string', default: '.' } },
})
const schemaFile = join(values.root, 'schema.graphql')
const logFile = join(values.root, 'CHANGELOG.md')
const releases = join(values.root, 'docs/contract')

const commands: Record<string, (version?: string) => Promise<void>> = { check, changelog, release }
const [command = '', version] = positionals
if (commands[command]) await commands[command](version)
else fail('Say what to do: check, changelog, or release VERSION.')

async function check(): Promise<void> {
  const log = await readFile(logFile, 'utf8')
  const altered = await alteredReleases(log)
  if (altered.length > 0) return fail(altered.map(sentenceForCopy).join('\n'))
  const { version, changes } = await sinceRelease()
  const unnamed = changes.filter(change => isCritical(change) && !isNamed(log, change))
  if (unnamed.length > 0) fail(sentenceFor(version, unnamed))
}

/** Releases whose copy is gone, or is not the one whose hash the log has. */
async function alteredReleases(log: string): Promise<string[]> {
  const hashes = hashesIn(log)
  const versions = [...new Set([...hashes.keys(), ...(await releasedVersions())])]
  const found = await Promise.all(versions.map(contractOf))
  return versions.filter((version, index) => {
    const copy = found[index]
    return copy === undefined || hashOf(copy) !== hashes.get(version)
  })
}

/** The contract of a release; undefined when there is no copy. */
async function contractOf(version: string): Promise<Buffer | undefined> {
  return readFile(copyOf(version)).catch(() => undefined)
}

function copyOf(version: string): string {
  return join(releases, `${version}.graphql`)
}

function hashOf(copy: Buffer): string {
  return createHash('sha256').update(copy).digest('hex')
}

function sentenceForCopy(version: string): string {
  return `docs/contract/${version}.graphql is not what was released: its SHA-256 is not the one that CHANGELOG.md has under ${version}.
What breaks programs written for ${version} would go unnoticed. Put the file back as it was; changes belong into schema.graphql.`
}

function sentenceFor(version: string, changes: readonly ContractChange[]): string {
  const lines = changes.map(({ kind, line }) => `  ${kind.toLowerCase()}  ${line}`).join('\n')
  return `schema.graphql may break programs that were written for ${version}:

${lines}

Keep what there was, and deprecate it with its date: deprecationReason: 'Use \`x\`. Removed on 2027-06-30.'
When it has to be, \`npm run changelog\` names it in CHANGELOG.md; write behind it, after a dash, what to do instead.`
}

async function changelog(): Promise<void> {
  const { changes } = await sinceRelease()
  await writeFile(logFile, withChanges(await readFile(logFile, 'utf8'), changes))
}

async function release(version?: string): Promise<void> {
  if (!version || !/^\d+\.\d+\.\d+$/.test(version)) return fail('Say which version it is, e.g. 0.2.0.')
  const last = await lastRelease()
  if (compare(version, last) <= 0)
    return fail(`${version} does not come after ${last}. Give a later version.`)
  await changelog()
  const today = new Date().toISOString().slice(0, 10)
  const contract = await readFile(schemaFile)
  await writeFile(logFile, withRelease(await readFile(logFile, 'utf8'), version, today, hashOf(contract)))
  await writeFile(copyOf(version), contract)
}

/** What has changed since the last release, and which one that was. */
async function sinceRelease(): Promise<{ version: string; changes: ContractChange[] }> {
  const version = await lastRelease()
  const before = await readFile(copyOf(version), 'utf8')
  return { version, changes: await changesBetween(before, await readFile(schemaFile, 'utf8')) }
}

async function lastRelease(): Promise<string> {
  return (await releasedVersions()).sort(compare).at(-1)!
}

async function releasedVersions(): Promise<string[]> {
  const files = await readdir(releases)
  return files.filter(file => file.endsWith('.graphql')).map(file => file.slice(0, -'.graphql'.length))
}

/** Versions by number: 0.10.0 comes after 0.9.0. */
function compare(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true })
}

function fail(sentence: string): void {
  console.error(sentence)
  process.exitCode = 1
}
