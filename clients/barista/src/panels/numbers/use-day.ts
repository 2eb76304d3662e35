import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { useAsk } from '../frame/use-ask.ts'
import { type Day, dayNumbers } from './day-documents.ts'

const every = 60_000

/** The numbers of a day; those of today are asked for again every minute. */
export function useDay() {
  const { ask, problem } = useAsk()
  /** The day to show, today when empty. */
  const date = ref('')
  const day = shallowRef<Day>()
  const timezone = ref('')
  /** When the numbers were true. */
  const askedAt = ref('')

  async function load(): Promise<void> {
    const asked = date.value
    const answer = await ask(dayNumbers, { date: asked || null })
    if (!answer || asked !== date.value) return
    day.value = answer.day
    timezone.value = answer.menu.shop.timezone
    askedAt.value = new Date().toISOString()
  }

  const timer = setInterval(() => {
    if (!date.value) void load()
  }, every)
  onScopeDispose(() => clearInterval(timer))
  // Numbers of another day than the one that was chosen are worse than none.
  watch(
    date,
    () => {
      day.value = undefined
      void load()
    },
    { immediate: true },
  )
  return { date, day, timezone, askedAt, problem }
}
