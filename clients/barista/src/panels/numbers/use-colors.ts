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

/** As they come out: the variables hold one colour for each theme. */
function look(): Colors {
  const probe = document.body.appendChild(document.createElement('i'))
  const color = (name: string) => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const colors = { ink: color('--ink'), line: color('--line'), fill: color('--accent') }
  probe.remove()
  return colors
}
