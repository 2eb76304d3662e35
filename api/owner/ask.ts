import { createInterface } from 'node:readline/promises'
import type { ReadStream, WriteStream } from 'node:tty'
import { StartError } from '../../env.ts'

/** Where an owner sits: a terminal, or a program that answers nothing. */
export interface Terminal {
  input: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY'>>
  output: NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY'>>
}

/** One line from a terminal; empty when it was closed. */
export async function ask(question: string, { input, output }: Terminal): Promise<string> {
  const lines = createInterface({ input, output })
  const closed = new Promise<string>(resolve => lines.once('close', () => resolve('')))
  const answer = await Promise.race([lines.question(question), closed])
  lines.close()
  return answer.trim()
}

/**
 * Shows what is about to happen and asks whether it shall.
 * @param yes it was said beforehand
 * @throws StartError when it shall not, or when nobody is there to ask
 */
export async function agree(shown: string, yes: boolean, terminal: Terminal): Promise<void> {
  terminal.output.write(`${shown}\n`)
  if (yes) return
  if (!terminal.input.isTTY || !terminal.output.isTTY) {
    throw new StartError('Nothing was changed. Say --yes to do it without being asked.')
  }
  const answer = await ask('Go ahead? [y/N] ', terminal)
  if (!/^y(es)?$/i.test(answer)) throw new StartError('Nothing was changed.')
}
