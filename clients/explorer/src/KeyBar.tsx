import { useSchemaNeedsKey } from './Documentation.tsx'
import type { Viewer } from './requests.ts'

interface Props {
  apiKey: string
  onKey: (key: string) => void
  /** Who is asking, or why they are refused; undefined until that is known. */
  viewer: Viewer | string | undefined
}

/** The title, where a key is given, and what can be done as things stand. */
export function KeyBar({ apiKey, onKey, viewer }: Props) {
  const refused = typeof viewer === 'string'
  const schemaNeedsKey = useSchemaNeedsKey()
  return (
    <header className="bar">
      <h1>
        <img src="/explorer/cup.svg" alt="" width="28" height="28" /> BobaRista <span>GraphQL</span>
      </h1>
      <label>
        <span>API key</span>
        <input
          type="password"
          autoComplete="off"
          spellCheck={false}
          placeholder="boba_…"
          value={apiKey}
          onChange={event => onKey(event.target.value.trim().replace(/^Bearer\s+/i, ''))}
          aria-describedby="standing"
          aria-invalid={refused}
        />
      </label>
      <p id="standing" role="status" data-refused={refused || undefined}>
        {standing(viewer)}
        {schemaNeedsKey && (
          <>
            {' '}
            This shop tells its schema only to those with a key: enter one, and the documentation and
            completion appear.
          </>
        )}
      </p>
    </header>
  )
}

function standing(viewer: Viewer | string | undefined) {
  if (viewer === undefined) return 'Asking who you are …'
  if (typeof viewer === 'string') return viewer
  const { kind, name, scopes } = viewer
  if (kind !== 'ANYONE') {
    return (
      <>
        You ask as <b>{kind === 'STAFF' ? 'staff, signed in at the console' : name}</b>: {scopes.join(', ')}.
      </>
    )
  }
  return (
    <>
      Without a key the menu and the board answer. For everything else, the owner makes one:{' '}
      <code>npm run api-key -- create "My program" --scope orders:read</code>. What you enter here is kept
      nowhere.
    </>
  )
}
