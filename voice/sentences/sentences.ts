import { readFileSync } from 'node:fs'

const read = (name: string) => readFileSync(new URL(`${name}.ulaw`, import.meta.url))

/** What a caller hears when no voice agent can speak: μ-law 8 kHz, recorded, so that nothing has to be there for it. */
export const sentences = {
  /** The agent was lost and is being called back. */
  oneMoment: read('one-moment'),
  /** The caller is put through to the shop. */
  handOver: read('hand-over'),
  /** The caller has said nothing for a long time. */
  unheardGoodbye: read('unheard-goodbye'),
  tooLong: read('too-long'),
}
