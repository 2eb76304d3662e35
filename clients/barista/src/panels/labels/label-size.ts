import { onScopeDispose, ref, type Ref, watch } from 'vue'

/** Paper that label printers are sold with, in millimetres. */
export const labelSizes = {
  '40x30': { width: 40, height: 30 },
  '57x32': { width: 57, height: 32 },
} as const
export type LabelSize = keyof typeof labelSizes

const kept = 'bobarista.labels'

const isSize = (text: string | null): text is LabelSize => text !== null && text in labelSizes

/** The size of this device's labels, kept on the device. While it is in use, pages are printed in that size. */
export function useLabelSize(): Ref<LabelSize> {
  const stored = localStorage.getItem(kept)
  const size = ref<LabelSize>(isSize(stored) ? stored : '40x30')
  // The policy of the page forbids styles in its text, and `@page` cannot read a variable.
  const sheet = new CSSStyleSheet()
  watch(
    size,
    chosen => {
      const { width, height } = labelSizes[chosen]
      sheet.replaceSync(`@page { size: ${width}mm ${height}mm; margin: 0 }`)
      localStorage.setItem(kept, chosen)
    },
    { immediate: true },
  )
  document.adoptedStyleSheets.push(sheet)
  onScopeDispose(() => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter(each => each !== sheet)
  })
  return size
}
