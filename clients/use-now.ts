import { onScopeDispose, type Ref, ref } from 'vue'

/** The time, looked at again every so many milliseconds, and at once when the page is seen again. */
export function useNow(every: number): Readonly<Ref<number>> {
  const now = ref(Date.now())
  const look = () => void (now.value = Date.now())
  const timer = setInterval(look, every)
  document.addEventListener('visibilitychange', look)
  addEventListener('pageshow', look)
  onScopeDispose(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', look)
    removeEventListener('pageshow', look)
  })
  return now
}
