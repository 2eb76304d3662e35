import type { Order } from './documents.ts'

export { phoneWords } from '../../phone-words.ts'

/** Time since an order was placed, in words. @param age in milliseconds */
export function ageWords(age: number): string {
  const minutes = Math.max(0, Math.floor(age / 60_000))
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

export function moneyWords({ amount, currency }: Order['total']): string {
  return new Intl.NumberFormat(undefined, { style: 'currency', currency }).format(Number(amount))
}

export const drinksWords = (count: number) => (count === 1 ? '1 drink' : `${count} drinks`)

export const statusWords: Record<Order['status'], string> = {
  RECEIVED: 'new',
  PREPARING: 'being made',
  READY: 'ready',
  PICKED_UP: 'picked up',
  CANCELLED: 'cancelled',
}

export const textWords: Record<Order['texts'][number]['kind'], string> = {
  ORDER_RECEIVED: 'Order text',
  ORDER_READY: 'Ready text',
  ORDER_RECALLED: 'Correction',
}
