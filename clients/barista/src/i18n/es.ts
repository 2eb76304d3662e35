import type { Messages } from './en.ts'

export const es: Messages = {
  signIn: {
    title: 'Barista',
  },
}
