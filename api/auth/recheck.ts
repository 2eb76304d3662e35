import type { Viewer } from './viewer.ts'

export interface RecheckOptions {
  /** Everything that is open, with who is on it. */
  open: () => { viewer: Viewer; close: () => void }[]
  /** Those of some viewers who may not do any more what they might. */
  outOf: (viewers: Viewer[]) => Promise<Set<Viewer>>
  /** How often, in milliseconds. */
  every: number
}

/**
 * Closes what is open for those whose key was revoked or whose session is over.
 * @returns stops it
 */
export function keepRechecking({ open, outOf, every }: RecheckOptions): () => void {
  let checking = false
  const check = async () => {
    if (checking) return
    checking = true
    try {
      const all = open()
      const out = await outOf(all.map(({ viewer }) => viewer))
      for (const { viewer, close } of all) if (out.has(viewer)) close()
    } catch {
      // The database is away; nobody is shut out for that.
    }
    checking = false
  }
  // A server that could not start has nobody to check, and must not be kept alive for it.
  const timer = setInterval(() => void check(), every).unref()
  return () => clearInterval(timer)
}
