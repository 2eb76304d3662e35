import { onScopeDispose, ref } from 'vue'

/** A number that is not gone on with was a slip, and must not stand before the next one. */
const forgetAfter = 8_000

interface Keys {
  /** Single keys, e.g. "u" or "ArrowDown". */
  keys: Record<string, () => void>
  /** Whether letters are shortcuts. Whoever speaks to their device may not want that. */
  letters: () => boolean
  /** A number was typed or scanned, e.g. "4854" or "4854-2". */
  entered: (number: string) => void
  /** Enter with nothing typed. → whether that meant something */
  confirm: () => boolean
}

/** Listens to the keyboard and to barcode scanners, which type. Whoever writes somewhere is left alone. */
export function useKeys({ keys, letters, entered, confirm }: Keys) {
  /** What was typed so far. */
  const typed = ref('')
  let timer: ReturnType<typeof setTimeout> | undefined

  function type(text: string): void {
    clearTimeout(timer)
    typed.value = text.slice(0, 8)
    if (text) timer = setTimeout(() => (typed.value = ''), forgetAfter)
  }

  /** → whether the key meant something */
  function press(key: string): boolean {
    if (/^\d$/.test(key) || (key === '-' && typed.value)) type(typed.value + key)
    else if (key === 'Enter' && typed.value) {
      entered(typed.value)
      type('')
    } else if (key === 'Enter') return confirm()
    else if (key === 'Backspace' && typed.value) type(typed.value.slice(0, -1))
    else if (key === 'Escape' && typed.value) type('')
    else {
      const isLetter = /^[a-z]$/i.test(key)
      const act = isLetter && !letters() ? undefined : keys[isLetter ? key.toLowerCase() : key]
      act?.()
      return !!act
    }
    return true
  }

  function listen(event: KeyboardEvent): void {
    const { target, key } = event
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    if ((target as Element).matches?.('input, textarea, select, [contenteditable]')) return
    if (document.querySelector('dialog[open]')) return
    if (press(key)) event.preventDefault()
  }

  addEventListener('keydown', listen)
  onScopeDispose(() => {
    removeEventListener('keydown', listen)
    clearTimeout(timer)
  })
  return typed
}
