import { ref } from 'vue'
import { useAsk } from '../frame/use-ask.ts'
import { callsAround } from './find-documents.ts'

// A call is ended long before.
const longestCallMs = 3_600_000

/** Looks for the call in which an order was placed, when asked to. */
export function useCallOf(order: () => { id: string; createdAt: string }) {
  const { ask, problem } = useAsk()
  /** Its CallSid. */
  const call = ref('')
  const unknown = ref(false)
  const searching = ref(false)

  async function look(): Promise<void> {
    if (searching.value) return
    searching.value = true
    const { id, createdAt } = order()
    const placed = Date.parse(createdAt)
    const answer = await ask(callsAround, {
      after: new Date(placed - longestCallMs).toISOString(),
      before: new Date(placed + 1_000).toISOString(),
    })
    searching.value = false
    if (!answer) return
    call.value = answer.calls.nodes.find(each => each.order?.id === id)?.id ?? ''
    unknown.value = !call.value
  }
  return { call, unknown, searching, look, problem }
}
