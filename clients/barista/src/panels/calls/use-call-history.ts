import { computed, ref, shallowRef, watch } from 'vue'
import { useAsk } from '../frame/use-ask.ts'
import { callPage, type ListedCall } from './call-documents.ts'

const pageSize = 20
/** Pages that are asked for at one press while they hold nothing that was looked for. */
const mostPages = 5

const isAbandoned = ({ outcome }: ListedCall) => outcome === 'ABANDONED' || outcome === 'DROPPED'

/** The calls so far, newest first, page by page. */
export function useCallHistory() {
  const { ask, problem } = useAsk()
  const loaded = shallowRef<ListedCall[]>([])
  const onlyAbandoned = ref(false)
  const loading = ref(false)
  const hasMore = ref(true)
  let after: string | null = null
  const calls = computed(() => (onlyAbandoned.value ? loaded.value.filter(isAbandoned) : loaded.value))

  async function more(): Promise<void> {
    if (loading.value) return
    loading.value = true
    const wanted = calls.value.length + pageSize
    for (let page = 0; page < mostPages && hasMore.value && calls.value.length < wanted; page += 1) {
      const answer = await ask(callPage, { first: pageSize, after, filter: null })
      if (!answer) break
      const { nodes, pageInfo } = answer.calls
      after = pageInfo.endCursor
      hasMore.value = pageInfo.hasNextPage
      loaded.value = [...loaded.value, ...nodes]
    }
    loading.value = false
  }

  watch(onlyAbandoned, only => {
    if (only && calls.value.length < pageSize) void more()
  })
  void more()
  return { calls, onlyAbandoned, loading, hasMore, more, problem }
}
