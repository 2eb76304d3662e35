import { onScopeDispose, type Ref, ref } from 'vue'

/** The time, looked at again every so many milliseconds. */
export function useNow(every: number): Readonly<Ref<number>> {
  const now = ref(Date.now())
  const timer = setInterval(() => (now.value = Date.now()), every)
  onScopeDispose(() => clearInterval(timer))
  return now
}
