import { onScopeDispose, type Ref, ref } from 'vue'

/** Whether the board fills the whole screen, and a way to make it so; the key F does too. */
export function useFullscreen(): { full: Readonly<Ref<boolean>>; possible: boolean; toggle: () => void } {
  // So it is in kiosk mode and after F11 as well, of which the document itself knows nothing.
  const display = matchMedia('(display-mode: fullscreen)')
  const isFull = () => document.fullscreenElement !== null || display.matches
  const full = ref(isFull())
  const look = () => void (full.value = isFull())

  function toggle(): void {
    const done = document.fullscreenElement
      ? document.exitFullscreen()
      : document.documentElement.requestFullscreen()
    done.catch(look)
  }

  const pressed = ({ key, repeat, ctrlKey, metaKey, altKey }: KeyboardEvent) => {
    if (key.toLowerCase() === 'f' && !repeat && !ctrlKey && !metaKey && !altKey) toggle()
  }
  display.addEventListener('change', look)
  document.addEventListener('fullscreenchange', look)
  addEventListener('keydown', pressed)
  onScopeDispose(() => {
    display.removeEventListener('change', look)
    document.removeEventListener('fullscreenchange', look)
    removeEventListener('keydown', pressed)
  })
  return { full, possible: document.fullscreenEnabled, toggle }
}
