import { useClientHandle } from '@urql/vue'
import type { ResultOf, VariablesOf } from 'gql.tada'
import { ref, type Ref } from 'vue'
import { isSignedOut } from '../../use-session.ts'
import { commonWords } from './common-words.ts'
import { useWords } from './use-words.ts'

/** The text of an operation, as it is sent. `Read` is never called: it gives the text the types of the schema. */
export type Operation<Read extends () => unknown> = string & { readonly read?: Read }

export interface Asking {
  /** → what the api answered; nothing when it did not, `problem` then says why. */
  ask: <Read extends () => unknown>(
    operation: Operation<Read>,
    variables: VariablesOf<ReturnType<Read>>,
  ) => Promise<ResultOf<ReturnType<Read>> | undefined>
  /** Why the last question has no answer, for people. Empty when it has one. */
  problem: Ref<string>
}

/** Asks the api, and says in words when there is no answer. */
export function useAsk(): Asking {
  const { client } = useClientHandle()
  const { t } = useWords(commonWords)
  const problem = ref('')

  const ask: Asking['ask'] = async (operation, variables) => {
    const changes = operation.trimStart().startsWith('mutation')
    const send = changes ? client.mutation : client.query
    const { data, error } = await send.call(client, operation as string, variables as object).toPromise()
    if (data) problem.value = ''
    else if (isSignedOut(error)) problem.value = t('signedOut')
    else if (!error?.networkError) problem.value = t('failed')
    else problem.value = t(changes ? 'noAnswerToChange' : 'noAnswer')
    return data as Awaited<ReturnType<typeof ask>>
  }
  return { ask, problem }
}
