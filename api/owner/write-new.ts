import { open, rm } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { getSystemErrorMessage } from 'node:util'
import { DriverException } from '@mikro-orm/core'
import { StartError } from '../../env.ts'

/**
 * Writes a file that is not there yet. What cannot be written whole is not left behind.
 * @throws StartError when it is there, or cannot be written
 */
export async function writeNew(file: string, write: (target: Writable) => Promise<void>): Promise<void> {
  const target = await open(file, 'wx').catch((error: unknown) => {
    throw writeError(file, error)
  })
  try {
    await write(target.createWriteStream())
  } catch (error) {
    await rm(file, { force: true })
    throw writeError(file, error)
  }
}

/** A sentence about what cannot be written; an error that is of something else stays what it is. */
export function writeError(what: string, error: unknown): unknown {
  const { code, errno, syscall } = error as NodeJS.ErrnoException
  // The connection to a database fails by system calls too.
  if (!syscall || errno === undefined || error instanceof DriverException) return error
  const why =
    code === 'EEXIST'
      ? 'exists already and is left as it is'
      : `cannot be written (${getSystemErrorMessage(errno)})`
  return new StartError(`${what} ${why}. Name another file.`, { cause: error })
}
