import { SmsKind, SmsStatus, type Sms } from './sms.entity.ts'

/** The words of a text. */
export function bodyOf(kind: SmsKind, orderNumber: string): string {
  switch (kind) {
    case SmsKind.ORDER_RECEIVED:
      return `Thanks for your order! Your order number is ${orderNumber}. We'll text you when it's ready for pickup.`
    case SmsKind.ORDER_READY:
      return `Your boba order #${orderNumber} is now ready for pickup! 🧋`
    case SmsKind.ORDER_RECALLED:
      return `Sorry, your boba order #${orderNumber} needs a little longer. We'll text you again when it's ready.`
  }
}

/** Twilio's error codes in the words of somebody behind a counter (www.twilio.com/docs/api/errors). */
const reasons: Record<number, string> = {
  20003: "Twilio does not accept the shop's account: check its credentials",
  21211: 'that is no valid number',
  21408: "texts to that country are not enabled in the shop's account",
  21606: "the shop's sender number cannot send texts",
  21608: "the shop's Twilio account is on trial and may only text verified numbers",
  21610: 'the guest has replied STOP and gets no texts',
  21612: 'texts cannot be sent to that number from here',
  21614: 'that number is a landline or cannot receive texts',
  30003: 'the phone is off or out of reach',
  30004: 'the guest or the carrier blocks texts',
  30005: 'that number does not exist',
  30006: 'that number is a landline or cannot be reached',
  30007: 'the carrier took it for spam',
}

/** How far a text has come, in words for staff. */
export function statusTextOf({ status, errorCode }: Pick<Sms, 'status' | 'errorCode'>): string {
  const reason = errorCode === null ? '' : `: ${reasons[errorCode] ?? `Twilio error ${errorCode}`}`
  switch (status) {
    case SmsStatus.QUEUED:
      return 'waiting to be sent'
    case SmsStatus.SENDING:
      return 'being sent'
    case SmsStatus.SENT:
      return 'sent'
    case SmsStatus.DELIVERED:
      return 'delivered'
    case SmsStatus.UNDELIVERED:
      return `not delivered${reason}`
    case SmsStatus.FAILED:
      return `could not be sent${reason}`
    case SmsStatus.UNKNOWN:
      return 'Twilio does not answer; checking whether it went out'
    case SmsStatus.WITHDRAWN:
      return 'held back and taken back'
    case SmsStatus.NOT_SENT:
      return 'not sent (practice)'
  }
}
