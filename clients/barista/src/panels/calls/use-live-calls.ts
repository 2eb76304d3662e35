import { onScopeDispose, ref, shallowRef } from 'vue'
import { useFreshness } from '../../../../use-freshness.ts'
import type { LiveCall } from './call-documents.ts'
import { followCalls } from './follow-calls.ts'

/** Who is on the line, oldest call first, and how fresh that is. */
export function useLiveCalls() {
  const calls = shallowRef<LiveCall[]>([])
  /** How far the server's clock is ahead of this device's, in milliseconds. */
  const clockOffset = ref(0)
  const { freshness, age, heard } = useFreshness()
  const stop = followCalls(live => {
    heard()
    clockOffset.value = Date.parse(live.at) - Date.now()
    calls.value = live.calls
  })
  onScopeDispose(stop)
  return { calls, clockOffset, freshness, age }
}
