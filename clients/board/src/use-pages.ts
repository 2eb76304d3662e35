import { computed, type ComputedRef, onScopeDispose, ref } from 'vue'

const turnEvery = 8_000

/** Which of several pages is shown; it turns by itself, round and round. */
export function usePages(count: () => number): ComputedRef<number> {
  const turns = ref(0)
  const timer = setInterval(() => (turns.value = (turns.value + 1) % Math.max(1, count())), turnEvery)
  onScopeDispose(() => clearInterval(timer))
  return computed(() => Math.min(turns.value, Math.max(0, count() - 1)))
}
