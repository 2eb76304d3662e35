import { type Component, shallowRef } from 'vue'

interface Module {
  default: Component
}

const own = {
  cancel: () => import('../dialogs/CancelDialog.vue'),
  correction: () => import('../dialogs/CorrectionDialog.vue'),
  recalls: () => import('../dialogs/RecallDialog.vue'),
  settings: () => import('../dialogs/SettingsDialog.vue'),
  help: () => import('../dialogs/HelpDialog.vue'),
}
const panels = import.meta.glob<Module>('../panels/*.vue')

export type Dialog =
  | keyof typeof own
  | 'SoldOutPanel'
  | 'CallsPanel'
  | 'FindPanel'
  | 'NumbersPanel'
  | 'LabelsPanel'
  | 'ShopBanner'

function loaderOf(name: Dialog): (() => Promise<Module>) | undefined {
  return name in own ? own[name as keyof typeof own] : panels[`../panels/${name}.vue`]
}

/**
 * Dialogs and panels, loaded when they are opened: nobody waits for them before the orders are seen.
 * @param notLoaded called when one could not be loaded
 */
export function useDialogs(notLoaded: () => void) {
  const shown = shallowRef<{ component: Component; props: Record<string, unknown> }>()

  async function load(name: Dialog): Promise<Component | undefined> {
    try {
      return (await loaderOf(name)?.())?.default
    } catch {
      notLoaded()
      return undefined
    }
  }

  return {
    /** The dialog that is open. */
    shown,
    has: (name: Dialog) => !!loaderOf(name),
    load,
    /** @param props what it is given, and listeners by `onEvent` */
    async open(name: Dialog, props: Record<string, unknown> = {}): Promise<void> {
      const component = await load(name)
      if (component) shown.value = { component, props }
    },
    /** Loads those that must also open when the network is away. */
    async fetchAhead(): Promise<void> {
      await Promise.allSettled(Object.values(own).map(loader => loader()))
    },
  }
}
