import { text } from 'node:stream/consumers'
import { StartError } from '../../env.ts'
import { phoneOf } from '../calls/phone.ts'
import { eraseTraces, tracesOf } from '../erasure/erase-number.ts'
import { sweep } from '../erasure/sweep.ts'
import { agree, ask, type Terminal } from './ask.ts'
import type { Counter } from './command.ts'

const some = (count: number, thing: string) => `${count} ${thing}${count === 1 ? '' : 's'}`

/** Erases a guest's number, with the names and words that belong to it. The number itself is never shown. */
export async function eraseNumber(counter: Counter, given: string): Promise<string> {
  const { em, log, shop, yes, terminal } = counter
  const phone = phoneOf(given === '-' ? await typed(terminal) : given, shop.region)
  if (!phone) {
    throw new StartError(
      'That is no possible phone number. Nothing was erased. Give one such as +15551234567.',
    )
  }
  const traces = await tracesOf(em.fork(), phone)
  const { orders, calls, texts, open, live } = traces
  const counts = `${some(orders.length, 'order')}, ${some(calls.length, 'call')}, ${some(texts.length, 'text')}`
  // Swept all the same: whoever erases again may have been told that the file was being read.
  if (orders.length + calls.length + texts.length === 0)
    return `Nothing is kept of that number.${(await sweep(em)) === 'busy' ? after.busy : ''}`
  await agree(
    [`Of that number there are ${counts}. Drinks, prices and times stay.`, ...warnings(open, live)].join(
      '\n',
    ),
    yes,
    terminal,
  )
  await eraseTraces(em.fork(), log, traces)
  return `Erased: ${counts}. Copies made by \`npm run backup\` still hold it, and so does Twilio until you erase it there.${after[await sweep(em)]}`
}

/** What is left of it in files. */
const after = {
  empty: '',
  busy: '\nAnother program is reading the database, so its file that ends in -wal may still hold what was erased. Erase again in a moment: that empties the file.',
  server:
    '\nThe files of PostgreSQL hold what was erased until the server has used that space, and its write-ahead log, again.',
}

const typed = (terminal: Terminal) =>
  terminal.input.isTTY ? ask('Phone number: ', terminal) : text(terminal.input)

function warnings(open: number, live: number): string[] {
  return [
    ...(open > 0
      ? [`${some(open, 'order')} not yet picked up: the guest gets no text about it any more.`]
      : []),
    ...(live > 0
      ? [`${some(live, 'call')} going on: what is said from now on is kept. Erase again afterwards.`]
      : []),
  ]
}
