import { onScopeDispose, type Ref } from 'vue'
import { speakNumber } from './speak-number.ts'
import { type Callable, useCalls } from './use-calls.ts'
import { useChime } from './use-chime.ts'

/** The voice begins when the chime has died away. */
const voiceAfter = 1_200

/** Calls guests by the screen and a chime, and by a voice if wanted. → the numbers to show now */
export function useReadyCalls(
  orders: Callable,
  speak: boolean,
): { shown: Readonly<Ref<string[]>>; audible: Readonly<Ref<boolean>> } {
  const { audible, chime } = useChime()
  let voice: ReturnType<typeof setTimeout> | undefined
  const shown = useCalls(orders, numbers => {
    chime()
    if (speak) voice = setTimeout(() => numbers.forEach(speakNumber), voiceAfter)
  })
  onScopeDispose(() => clearTimeout(voice))
  return { shown, audible }
}
