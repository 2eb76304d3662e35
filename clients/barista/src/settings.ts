import { onScopeDispose, reactive, watch, watchEffect } from 'vue'

/** What somebody chose for this device. */
export interface Settings {
  theme: 'auto' | 'light' | 'dark'
  /** 0 to 1. */
  volume: number
  muted: boolean
  /** Whether single letters are shortcuts; digits, arrows and Enter always work. */
  shortcuts: boolean
  /** Whether the counts over all tickets are shown. */
  allDay: boolean
}

const kept = 'bobarista.settings'
const usual: Settings = { theme: 'auto', volume: 0.8, muted: false, shortcuts: true, allDay: true }

/** The choices made at this device, kept there, and put into effect for the page's colors. */
export function useSettings(): Settings {
  const settings = reactive({ ...usual, ...read() })
  watch(settings, () => localStorage.setItem(kept, JSON.stringify(settings)))
  watchEffect(() => {
    document.documentElement.dataset.theme = settings.theme
  })
  // Another tab of the same device.
  const heed = ({ key }: StorageEvent) => key === kept && Object.assign(settings, read())
  addEventListener('storage', heed)
  onScopeDispose(() => removeEventListener('storage', heed))
  return settings
}

function read(): Partial<Settings> {
  try {
    return JSON.parse(localStorage.getItem(kept) ?? '{}') as Partial<Settings>
  } catch {
    return {}
  }
}
