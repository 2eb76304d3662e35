import type { Order, Refused, Text } from './documents.ts'
import { i18n, isKey, t } from './i18n/i18n.ts'

export { phoneWords } from '../../phone-words.ts'

/** A length of time in words. @param milliseconds whole minutes are told */
export function minutesWords(milliseconds: number): string {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000))
  if (minutes < 60) return t('time.minutes', { minutes })
  return t('time.hours', { hours: Math.floor(minutes / 60), minutes: minutes % 60 })
}

/** Time since an order was placed, in words. */
export function ageWords(milliseconds: number): string {
  return milliseconds < 60_000 ? t('time.now') : minutesWords(milliseconds)
}

export function moneyWords({ amount, currency }: Order['total']): string {
  return new Intl.NumberFormat(i18n.global.locale.value, { style: 'currency', currency }).format(
    Number(amount),
  )
}

/** A level of ice or sweetness: the shop's own word, in the language of the console when it is a usual one. */
export function levelWords(level: string): string {
  const key = `level.${level}`
  return isKey(key) ? t(key) : level
}

/** Why the server did not do something. */
export function refusalWords({ code, message, order }: Pick<Refused, 'code' | 'message' | 'order'>): string {
  const key = `refused.${code}`
  if (!isKey(key)) return message
  return t(key, { number: order?.number ?? '', status: order ? t(`status.${order.status}`) : '' })
}

/** How far a text has come. */
export function textWords({ status, statusText, errorCode }: Text): string {
  const key = `text.${status}`
  if (!isKey(key)) return statusText
  if (errorCode === null) return t(key)
  const reason = `reason.${errorCode}`
  return `${t(key)}: ${isKey(reason) ? t(reason) : t('reason.other', { code: errorCode })}`
}

export const isBad = ({ status }: Text) => status === 'FAILED' || status === 'UNDELIVERED'
export const isSent = ({ status }: Text) => status === 'SENT' || status === 'DELIVERED'
export const isUnderWay = ({ status }: Text) => ['QUEUED', 'SENDING', 'UNKNOWN'].includes(status)

/** The newest text of each kind, in the order in which the kinds came up. */
export function latestTexts({ texts }: Order): Text[] {
  return [...new Map(texts.map(text => [text.kind, text])).values()]
}

/** Whether the guest may have read already that the order is ready. */
export function mayHaveBeenTold(order: Order): boolean {
  const text = latestTexts(order).find(({ kind }) => kind === 'ORDER_READY')
  return !!text && ['SENDING', 'SENT', 'DELIVERED', 'UNKNOWN'].includes(text.status)
}
