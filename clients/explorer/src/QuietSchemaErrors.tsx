import { useGraphiQL } from '@graphiql/react'
import { useEffect } from 'react'

const toldInSentences = /INTROSPECTION_DISABLED|UNAUTHENTICATED/

/**
 * Takes away the bare error that GraphiQL shows in place of an answer when the schema was refused: the bar says it in a
 * sentence. Stands after the editors, so that it comes after what they show.
 */
export function QuietSchemaErrors() {
  const { fetchError, responseEditor } = useGraphiQL(({ fetchError, responseEditor }) => ({
    fetchError,
    responseEditor,
  }))
  useEffect(() => {
    if (fetchError && toldInSentences.test(fetchError)) responseEditor?.setValue('')
  }, [fetchError, responseEditor])
  return null
}
