import { computed, type ComputedRef } from 'vue'
import { useNow } from '../../use-now.ts'

const moveEvery = 3 * 60_000
const reach = 6
const places = 8

/** Moves the whole picture by a few pixels every few minutes, round a small circle, so that nothing burns in. */
export function usePixelShift(): ComputedRef<{ transform: string }> {
  const now = useNow(moveEvery)
  return computed(() => {
    const turn = (2 * Math.PI * (Math.round(now.value / moveEvery) % places)) / places
    const [x, y] = [Math.cos(turn), Math.sin(turn)].map(part => Math.round(reach * part))
    return { transform: `translate(${x}px, ${y}px)` }
  })
}
