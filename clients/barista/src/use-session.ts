import type { CombinedError } from '@urql/core'
import { useClientHandle } from '@urql/vue'
import { ref } from 'vue'
import { me, signIn as signInDocument, signOut as signOutDocument, type Viewer } from './documents.ts'
import { type Key, t } from './i18n/i18n.ts'

/** Why somebody was not let in, and how many seconds to wait before the next try. */
export interface Refusal {
  code: string
  message: string
  retryAfter: number
}

/** Who works at this console. The session itself is a cookie that no script can read. */
export function useSession() {
  const { client } = useClientHandle()
  /** `null` when nobody is signed in, `undefined` while that is not known. */
  const viewer = ref<Viewer | null>()
  /** Why the sign-in is shown, when there is something to say. */
  const notice = ref<Key>()

  async function look(): Promise<void> {
    viewer.value = undefined
    const { data } = await client.query(me, {})
    notice.value = data ? undefined : 'noAnswer'
    if (data) viewer.value = data.me.kind === 'STAFF' ? data.me : null
  }

  /** → why not, nothing when signed in */
  async function signIn(pin: string): Promise<Refusal | undefined> {
    const { data } = await client.mutation(signInDocument, { pin })
    if (!data) return { code: 'NO_ANSWER', message: t('noAnswer'), retryAfter: 0 }
    if (data.signIn.__typename === 'SignInRefused') return data.signIn
    viewer.value = data.signIn.viewer
    return undefined
  }

  /** → why not, nothing when signed out */
  async function signOut(): Promise<string | undefined> {
    const { data } = await client.mutation(signOutDocument, {})
    // Without an answer the cookie still holds, and saying otherwise would leave the console open to the next person.
    if (!data) return `${t('session.still')} ${t('noAnswer')}`
    ended('session.out')
    return undefined
  }

  function ended(why: Key): void {
    viewer.value = null
    notice.value = why
  }

  void look()
  return { viewer, notice, look, signIn, signOut, ended }
}

/** Whether the server no longer knows this session; takes what a query or the event stream failed with. */
export function isSignedOut(reason: unknown): boolean {
  const errors = Array.isArray(reason) ? reason : ((reason as CombinedError | undefined)?.graphQLErrors ?? [])
  return errors.some(error => error?.extensions?.code === 'UNAUTHENTICATED')
}
