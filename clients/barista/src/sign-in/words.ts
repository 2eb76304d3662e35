import { bring } from '../i18n/i18n.ts'

/** The words of the sign-in. */
export const w = bring({
  en: {
    'signIn.title': 'Barista',
    'signIn.pin': 'Staff PIN',
    'signIn.clear': 'Clear',
    'signIn.delete': 'Delete last',
    'signIn.do': 'Sign in',
    'signIn.checking': 'Checking…',
    'signIn.wrong': 'That PIN is not right. Try again.',
    'signIn.wait': ({ named }) => `Too many wrong PINs. You can try again in ${named('seconds')} s.`,
    'signIn.now': 'You can try again now.',
  },
  es: {
    'signIn.title': 'Barista',
    'signIn.pin': 'PIN del personal',
    'signIn.clear': 'Borrar todo',
    'signIn.delete': 'Borrar el último',
    'signIn.do': 'Entrar',
    'signIn.checking': 'Comprobando…',
    'signIn.wrong': 'Ese PIN no es correcto. Inténtalo de nuevo.',
    'signIn.wait': ({ named }) =>
      `Demasiados PIN incorrectos. Podrás intentarlo de nuevo en ${named('seconds')} s.`,
    'signIn.now': 'Ya puedes intentarlo de nuevo.',
  },
})
