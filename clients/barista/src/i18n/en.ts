/** The console's words that are needed at once. A panel that is loaded on demand brings its own. */
export const en = {
  signIn: {
    title: 'Barista',
  },
}

export type Messages = typeof en
