import { computed, nextTick, ref, shallowRef, watch } from 'vue'
import { refusalWords } from '../../words.ts'
import { useAsk } from '../frame/use-ask.ts'
import { type LabelOrder, orderForLabels, recordLabels } from './labels-documents.ts'

/** The labels of an order: which to print, and which of them were printed before. */
export function useLabels(id: string) {
  const { ask, problem } = useAsk()
  const order = shallowRef<LabelOrder | null>()
  const timezone = ref('')
  /** Ids of the cups to print. */
  const chosen = ref<string[]>([])
  const busy = ref(false)
  const printed = ref(false)
  /**
   * Ids of the cups that had a label before the last print. Kept until something else is chosen: on a tablet the pages
   * are drawn after `print` has come back.
   */
  const again = ref<Set<string>>()

  async function load(): Promise<void> {
    const answer = await ask(orderForLabels, { id })
    if (!answer) return
    timezone.value = answer.menu.shop.timezone
    order.value = answer.order
    const items = answer.order?.items ?? []
    const fresh = items.filter(({ labelPrints }) => labelPrints === 0)
    chosen.value = (fresh.length > 0 ? fresh : items).map(cup => cup.id)
  }

  /** Tells the server, which knows what other consoles have printed, then prints. */
  async function print(): Promise<void> {
    if (busy.value || chosen.value.length === 0) return
    busy.value = true
    printed.value = false
    const answer = await ask(recordLabels, { cups: chosen.value })
    if (answer?.result.__typename === 'Order') {
      const { items } = answer.result
      order.value = answer.result
      again.value = new Set(items.filter(cup => cup.labelPrints > 1).map(cup => cup.id))
      await nextTick()
      window.print()
      printed.value = true
    } else if (answer) problem.value = refusalWords({ ...answer.result, order: null })
    busy.value = false
  }

  watch(chosen, () => {
    again.value = undefined
    printed.value = false
  })
  void load()
  return {
    order,
    timezone,
    chosen,
    busy,
    printed,
    print,
    problem,
    labels: computed(() => order.value?.items.filter(cup => chosen.value.includes(cup.id)) ?? []),
    isReprint: (cup: { id: string; labelPrints: number }) =>
      again.value ? again.value.has(cup.id) : cup.labelPrints > 0,
  }
}
