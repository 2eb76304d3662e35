import { pipeline } from 'node:stream/promises'
import { StartError } from '../../env.ts'
import { salesCsv, salesOf } from '../orders/sales.ts'
import type { Counter } from './command.ts'
import { writeError, writeNew } from './write-new.ts'

/**
 * Every cup ordered in some days as CSV, to a file or to the standard output.
 * @param first YYYY-MM-DD by the shop's clock
 * @param last the same; that day is the last one in it
 */
export async function exportSales(
  { em, shop, terminal }: Counter,
  [first, last, file]: [first: string, last: string, file?: string],
): Promise<string> {
  const [from, to] = [dayOf(first), dayOf(last)]
  if (Temporal.PlainDate.compare(from, to) > 0)
    throw new StartError(`${last} is before ${first}. Give the earlier day first.`)
  const startOf = (day: Temporal.PlainDate) => day.toZonedDateTime(shop.timezone).toInstant()
  const sales = salesOf(em.fork(), shop, startOf(from), startOf(to.add({ days: 1 })))
  if (file !== undefined) {
    await writeNew(file, target => pipeline(sales, salesCsv(), target))
    return `${file} holds what was ordered from ${first} to ${last}.`
  }
  try {
    await pipeline(sales, salesCsv(), terminal.output, { end: false })
  } catch (error) {
    // Who reads it, such as `head`, has had enough.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw writeError('The standard output', error)
  }
  return ''
}

function dayOf(given: string): Temporal.PlainDate {
  try {
    if (/^\d{4}-\d{2}-\d{2}$/.test(given)) return Temporal.PlainDate.from(given)
  } catch {
    // As 2026-02-30.
  }
  throw new StartError(`"${given}" is no day such as 2026-11-25.`)
}
