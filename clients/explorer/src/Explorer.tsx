import { DocExplorerStore } from '@graphiql/plugin-doc-explorer'
import { GraphiQLProvider } from '@graphiql/react'
import { GraphiQL, GraphiQLInterface } from 'graphiql'
import { useEffect, useMemo, useState } from 'react'
import { documentation } from './Documentation.tsx'
import { fetcherFor } from './fetcher.ts'
import { KeyBar } from './KeyBar.tsx'
import { prepared } from './prepared.ts'
import { preparedQueries } from './PreparedQueries.tsx'
import { QuietSchemaErrors } from './QuietSchemaErrors.tsx'
import { headerOf, type Proof, type Viewer, whoAsks } from './requests.ts'
import { ThemeFollower } from './ThemeFollower.tsx'
import { useSettled } from './use-settled.ts'

// Without the history of GraphiQL: it writes down the headers of every request, and with them the key.
const plugins = [documentation, preparedQueries]

const tabs = prepared.slice(0, 1).map(({ query }) => ({ query }))

/** GraphiQL with a place for the key, and queries to begin with. */
export function Explorer() {
  const [key, setKey] = useState('')
  /** As it stands in the headers editor, where it goes before the key. */
  const [authorization, setAuthorization] = useState<string>()
  const given = useSettled(authorization ?? (key && `Bearer ${key}`), 300)
  const proof = useMemo((): Proof => (given ? { Authorization: given } : {}), [given])
  // GraphiQL reads the schema anew when it is given another fetcher: so it does when there is another key.
  const fetcher = useMemo(() => fetcherFor(proof), [proof])
  const viewer = useViewer(proof)

  return (
    <GraphiQLProvider
      fetcher={fetcher}
      plugins={plugins}
      referencePlugin={documentation}
      visiblePlugin={preparedQueries}
      defaultTabs={tabs}
      shouldPersistHeaders={false}
      // What is typed into variables may be a guest's number: it goes with the browser's tab.
      storage={sessionStorage}
    >
      <DocExplorerStore>
        <ThemeFollower />
        <KeyBar apiKey={key} onKey={setKey} viewer={viewer} />
        <main>
          <GraphiQLInterface
            defaultEditorToolsVisibility="variables"
            showPersistHeadersSettings={false}
            onEditHeaders={text => setAuthorization(authorizationIn(text))}
          >
            <GraphiQL.Logo>
              <span />
            </GraphiQL.Logo>
          </GraphiQLInterface>
        </main>
        <QuietSchemaErrors />
      </DocExplorerStore>
    </GraphiQLProvider>
  )
}

/** Who is asking, or why they are refused; undefined until that is known. */
function useViewer(proof: Proof): Viewer | string | undefined {
  const [viewer, setViewer] = useState<Viewer | string>()
  useEffect(() => {
    let wanted = true
    void whoAsks(proof).then(answer => wanted && setViewer(answer))
    return () => {
      wanted = false
    }
  }, [proof])
  return viewer
}

/** What is being typed is no JSON yet: it counts as no headers. */
function authorizationIn(text: string): string | undefined {
  try {
    return headerOf((JSON.parse(text) as Record<string, unknown> | null) ?? {}, 'authorization')
  } catch {
    return undefined
  }
}
