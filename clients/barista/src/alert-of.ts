import type { Order } from './documents.ts'

/** Why an order stands out. */
export type Alert = 'new' | 'changed' | 'cancelled'

/** → nothing when somebody has touched it since */
export function alertOf({ status, seenAt, changedAt }: Order): Alert | undefined {
  if (status === 'CANCELLED') return 'cancelled'
  if (seenAt || (status !== 'RECEIVED' && status !== 'PREPARING')) return undefined
  return changedAt ? 'changed' : 'new'
}
