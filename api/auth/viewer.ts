import type { Scope } from './scopes.ts'

/** Who is asking, and what they may do. */
export interface Viewer {
  kind: 'ANYONE' | 'STAFF' | 'API_KEY'
  /** Id of the API key or hash of the staff session; null for anyone. */
  id: string | null
  /** SHA-256 of what they proved it by: the key or the session's token; null for anyone. */
  proof: string | null
  name: string
  scopes: ReadonlySet<Scope>
}

export const anyone: Viewer = { kind: 'ANYONE', id: null, proof: null, name: 'Anyone', scopes: new Set() }
