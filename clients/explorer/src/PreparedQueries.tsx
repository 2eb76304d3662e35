import type { GraphiQLPlugin } from '@graphiql/react'
import { useGraphiQL, useGraphiQLActions } from '@graphiql/react'
import { type Prepared, prepared } from './prepared.ts'

function PreparedQueries() {
  const { addTab, changeTab } = useGraphiQLActions()
  const { queryEditor, variableEditor, tabs } = useGraphiQL(({ queryEditor, variableEditor, tabs }) => ({
    queryEditor,
    variableEditor,
    tabs,
  }))

  const open = ({ query, variables }: Prepared) => {
    const there = tabs.findIndex(tab => tab.query === query)
    if (there >= 0) return changeTab(there)
    addTab()
    queryEditor?.setValue(query)
    variableEditor?.setValue(variables ? JSON.stringify(variables, null, 2) : '')
  }

  return (
    <section aria-label="Prepared queries" className="prepared">
      <h2>Prepared queries</h2>
      <ul>
        {prepared.map(each => (
          <li key={each.title}>
            <button type="button" onClick={() => open(each)}>
              <strong>{each.title}</strong>
              <span>{each.scopes.length ? `needs ${each.scopes.join(', ')}` : 'anyone'}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

const ListIcon = () => (
  <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round">
    <path d="M9 5h12M9 12h12M9 19h12M3.5 5h.01M3.5 12h.01M3.5 19h.01" />
  </svg>
)

/** A list of queries to begin with, beside the editor. */
export const preparedQueries: GraphiQLPlugin = {
  title: 'Prepared queries',
  icon: ListIcon,
  content: PreparedQueries,
}
