import { computed } from 'vue'
import type { Icon } from '../AppIcon.vue'
import type { Dialog } from './dialogs.ts'
import type { Key } from '../i18n/i18n.ts'
import type { Settings } from '../settings.ts'

/** A button in the head of the console. */
export interface Tool {
  name: Key
  icon: Icon
  /** The letter that does the same. */
  letter: string
  use: () => void
  /** For what is on or off. */
  pressed?: boolean
}

export interface Tools {
  settings: Settings
  has: (dialog: Dialog) => boolean
  open: (dialog: Dialog) => void
  signOut: () => Promise<void>
}

/** The console's tools, with the letters that reach them by keyboard. */
export function useTools({ settings, has, open, signOut }: Tools) {
  const panels = [
    { name: 'head.soldOut', icon: 'soldOut', letter: 's', dialog: 'SoldOutPanel' },
    { name: 'head.calls', icon: 'calls', letter: 'c', dialog: 'CallsPanel' },
    { name: 'head.find', icon: 'find', letter: 'f', dialog: 'FindPanel' },
    { name: 'head.numbers', icon: 'numbers', letter: 'n', dialog: 'NumbersPanel' },
    { name: 'head.recall', icon: 'recall', letter: 'r', dialog: 'recalls' },
  ] as const
  return computed<Tool[]>(() => [
    ...panels
      .filter(({ dialog }) => has(dialog))
      .map(({ dialog, ...tool }) => ({ ...tool, use: () => open(dialog) })),
    {
      name: 'head.allDay',
      icon: 'allDay',
      letter: 'a',
      pressed: settings.allDay,
      use: () => (settings.allDay = !settings.allDay),
    },
    {
      name: settings.muted ? 'head.muted' : 'head.sound',
      icon: settings.muted ? 'muted' : 'sound',
      letter: 'm',
      use: () => (settings.muted = !settings.muted),
    },
    { name: 'head.settings', icon: 'settings', letter: 'o', use: () => open('settings') },
    { name: 'head.help', icon: 'help', letter: '?', use: () => open('help') },
    { name: 'head.signOut', icon: 'signOut', letter: '', use: () => void signOut() },
  ])
}
