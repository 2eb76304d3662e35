import { type ContractChange, kinds } from './changes.ts'

const unreleased = '## Unreleased'
const contract = '### Contract'

/** Stands between what is made from the contract and what somebody has added to it. */
const dash = ' — '

/** A change log in three parts: what comes before the next release, what it says of it, and the releases before. */
interface Parts {
  head: string
  next: string
  past: string
}

/** @throws Error when there is no part for the next release */
function partsOf(text: string): Parts {
  const start = text.indexOf(`${unreleased}\n`)
  if (start < 0) throw new Error(`The change log has no line "${unreleased}". Put it above the last release.`)
  const end = text.indexOf('\n## ', start)
  const stop = end < 0 ? text.length : end + 1
  return {
    head: text.slice(0, start),
    next: text.slice(start + unreleased.length, stop),
    past: text.slice(stop),
  }
}

/** Of what is said of the next release: before its contract, its contract, and after it. */
function aroundContract(next: string): [before: string, contract: string, after: string] {
  const start = next.indexOf(`\n${contract}\n`)
  if (start < 0) return [next, '', '']
  const after = next.slice(start + 1).search(/\n### /)
  const stop = after < 0 ? next.length : start + 1 + after
  return [next.slice(0, start), next.slice(start, stop), next.slice(stop)]
}

/** Whether the log names a change as one of the next release. */
export function isNamed(log: string, { line }: ContractChange): boolean {
  return partsOf(log).next.includes(line)
}

/** The log with these changes of the contract in the next release; words behind a dash stay with their change. */
export function withChanges(log: string, changes: readonly ContractChange[]): string {
  const { head, next, past } = partsOf(log)
  const [before, old, after] = aroundContract(next)
  const lines = old.split('\n')
  const entry = ({ line }: ContractChange) =>
    lines.find(each => each === `- ${line}` || each.startsWith(`- ${line}${dash}`)) ?? `- ${line}`
  const groups = kinds.flatMap(kind => {
    const entries = changes.filter(change => change.kind === kind).map(entry)
    return entries.length > 0 ? [`#### ${kind}`, entries.join('\n')] : []
  })
  const made = groups.length > 0 ? [contract, ...groups] : []
  const said = [before.trim(), ...made, after.trim()].filter(part => part !== '')
  return `${head}${[unreleased, ...said].join('\n\n')}\n${past && `\n${past}`}`
}

/**
 * The log with the next release as this one, and an empty place for what comes then.
 * @param date "2026-11-25"
 * @param hash SHA-256 of its contract, by which an edited copy is found
 */
export function withRelease(log: string, version: string, date: string, hash: string): string {
  const { head, next, past } = partsOf(log)
  const said = next.trim() || 'Nothing that programs notice.'
  const made = `## ${version} – ${date}\n\n${said}\n\n${hashLine(hash)}\n`
  return `${head}${unreleased}\n\n${made}${past && `\n${past}`}`
}

const hashLine = (hash: string) => `SHA-256 of the contract: \`${hash}\``

/** Of each release its version, and the SHA-256 that its contract had; undefined when the log does not say. */
export function hashesIn(log: string): Map<string, string | undefined> {
  const releases = partsOf(log).past.split(/^## /m).slice(1)
  return new Map(
    releases.map(said => {
      const hash = /\b[0-9a-f]{64}\b/.exec(said)?.[0]
      return [said.split(/\s/, 1)[0]!, hash && said.includes(hashLine(hash)) ? hash : undefined]
    }),
  )
}
