import { onScopeDispose, type Ref, ref } from 'vue'

const tryEvery = 60_000

/** Keeps the screen on as long as the browser lets us. → whether it does; it never may on a page without https */
export function useWakeLock(): Readonly<Ref<boolean>> {
  const held = ref(false)
  let lock: WakeLockSentinel | undefined

  async function hold(): Promise<void> {
    if (held.value || document.visibilityState !== 'visible') return
    try {
      lock = await navigator.wakeLock.request('screen')
      lock.onrelease = () => (held.value = false)
      held.value = !lock.released
    } catch {
      // Unknown to the browser, or refused because a battery is low; the footer says that the screen may turn off.
    }
  }

  const holdAgain = () => void hold()
  holdAgain()
  const timer = setInterval(holdAgain, tryEvery)
  document.addEventListener('visibilitychange', holdAgain)
  onScopeDispose(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', holdAgain)
    void lock?.release()
  })
  return held
}
