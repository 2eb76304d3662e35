import { onScopeDispose, readonly, ref } from 'vue'
import type { Colors } from './chart.ts'

/** The console's colours, which change with its theme. */
export function useColors() {
  const colors = ref(look())
  const again = () => (colors.value = look())
  const dark = matchMedia('(prefers-color-scheme: dark)')
  dark.addEventListener('change', again)
  // The theme may also be chosen at the console, which then says so on the root element.
  const chosen = new MutationObserver(again)
  chosen.observe(document.documentElement, { attributes: true })
  onScopeDispose(() => {
    dark.removeEventListener('change', again)
    chosen.disconnect()
  })
  return readonly(colors)
}

function look(): Colors {
  const style = getComputedStyle(document.documentElement)
  const color = (name: string) => style.getPropertyValue(name).trim()
  return { ink: color('--ink'), line: color('--line'), fill: color('--accent') }
}
