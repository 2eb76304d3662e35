import { DOC_EXPLORER_PLUGIN } from '@graphiql/plugin-doc-explorer'
import { type GraphiQLPlugin, useGraphiQL } from '@graphiql/react'

/** Whether the schema is told only to those who say who they are. */
export const useSchemaNeedsKey = (): boolean =>
  useGraphiQL(({ fetchError }) => fetchError?.includes('INTROSPECTION_DISABLED') ?? false)

function Documentation() {
  const Explorer = DOC_EXPLORER_PLUGIN.content
  if (!useSchemaNeedsKey()) return <Explorer />
  return <p>The documentation appears here as soon as a key is entered above.</p>
}

/** GraphiQL's documentation of the schema. */
export const documentation: GraphiQLPlugin = {
  title: 'Documentation',
  icon: DOC_EXPLORER_PLUGIN.icon,
  content: Documentation,
}
