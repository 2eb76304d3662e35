const en = {
  close: 'Close',
  sending: 'Sending…',
  loading: 'Loading…',
  noAnswer: 'The server did not answer. Check the network and try again.',
  noAnswerToChange:
    'The server did not answer, so this may or may not have worked. Check the network, look at it, then try again.',
  signedOut: 'Your session has ended. Close this and sign in again.',
  failed: 'Something went wrong in the server. Try again; if it stays like this, look into its log.',
}

const es: typeof en = {
  close: 'Cerrar',
  sending: 'Enviando…',
  loading: 'Cargando…',
  noAnswer: 'El servidor no respondió. Revisa la red e inténtalo otra vez.',
  noAnswerToChange:
    'El servidor no respondió; puede que haya funcionado o no. Revisa la red, compruébalo e inténtalo otra vez.',
  signedOut: 'Tu sesión terminó. Cierra esto y vuelve a entrar.',
  failed: 'Algo falló en el servidor. Inténtalo otra vez; si sigue igual, mira su registro.',
}

/** Words that every panel needs. */
export const commonWords = { en, es }
