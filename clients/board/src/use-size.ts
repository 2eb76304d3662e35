import { onScopeDispose, type Ref, ref, watch } from 'vue'

/** The inner size of an element in CSS pixels, as it changes; 0 × 0 while there is none. */
export function useSize(element: Readonly<Ref<HTMLElement | null>>): Ref<{ width: number; height: number }> {
  const size = ref({ width: 0, height: 0 })
  const observer = new ResizeObserver(entries => {
    const { width, height } = entries[entries.length - 1]?.contentRect ?? { width: 0, height: 0 }
    size.value = { width, height }
  })
  watch(element, (now, before) => {
    if (before) observer.unobserve(before)
    if (now) observer.observe(now)
  })
  onScopeDispose(() => observer.disconnect())
  return size
}
