import { message, type Message } from './en.ts'

/** The words for tools and for what goes wrong, which nobody reads before the orders are on the screen. */
export const later = {
  'head.soldOut': 'Sold out',
  'head.calls': 'Calls',
  'head.find': 'Find',
  'head.numbers': 'Numbers',
  'head.recall': 'Recall',
  'head.allDay': 'All day',
  'head.sound': 'Sound',
  'head.muted': 'Muted',
  'head.settings': 'Settings',
  'head.help': 'Help',
  'head.signOut': 'Sign out',
  'head.tools': 'Tools',
  'scan.label': 'Order number',
  'scan.hint': 'Type or scan a number, then Enter',
  'scan.unknown': message(({ named }) => `There is no open order ${named('number')}. Look for it with Find.`),
  'scan.noCup': message(
    ({ named }) => `Order ${named('number')} has no cup ${named('cup')}; it has ${named('count')}.`,
  ),
  'scan.held': message(
    ({ named }) => `Order ${named('number')} was done just now. In a moment it can be picked up.`,
  ),
  'scan.over': message(({ named }) => `Order ${named('number')} is ready, so its cups are all done.`),
  'scan.nothingToUndo': 'There is nothing to undo just now. An older order is under Recall.',

  'offline.refused': message(
    ({ named }) =>
      `Not connected, so nothing was sent for order ${named('number')}. This cannot wait its turn; try again when the console is live.`,
  ),
  'offline.tooOld': message(
    ({ named }) =>
      `Order ${named('number')}: “${named('tap')}” was tapped more than 15 minutes ago, so it was not sent. Look at the order, then tap again.`,
  ),
  'noAnswer.order': message(
    ({ named }) =>
      `No answer for order ${named('number')}, so it may or may not have worked. Look at it, then try again.`,
  ),
  'refused.ORDER_NOT_FOUND': 'There is no such order. It may belong to another shop; reload the page.',
  'refused.ORDER_ALREADY_PREPARING': message(
    ({ named }) => `Order ${named('number')} is already being made; somebody was faster.`,
  ),
  'refused.ORDER_ALREADY_READY': message(
    ({ named }) => `Order ${named('number')} is already ready; somebody was faster.`,
  ),
  'refused.ORDER_ALREADY_PICKED_UP': message(
    ({ named }) => `Order ${named('number')} is already picked up; somebody was faster.`,
  ),
  'refused.ORDER_ALREADY_CANCELLED': message(
    ({ named }) => `Order ${named('number')} is already cancelled; somebody was faster.`,
  ),
  'refused.ORDER_MOVE_NOT_ALLOWED': message(
    ({ named }) => `Order ${named('number')} is ${named('status')}, so that cannot be done any more.`,
  ),
  'refused.NO_PHONE': message(
    ({ named }) => `Order ${named('number')} has no phone number any more: it was erased after some time.`,
  ),
  'refused.TEXT_ON_ITS_WAY': 'A text of that kind is still on its way. Wait until it has arrived or failed.',

  'reason.20003': "Twilio does not accept the shop's account: check its credentials",
  'reason.21211': 'that is no valid number',
  'reason.21408': "texts to that country are not enabled in the shop's account",
  'reason.21606': "the shop's sender number cannot send texts",
  'reason.21608': "the shop's Twilio account is on trial and may only text verified numbers",
  'reason.21610': 'the guest has replied STOP and gets no texts',
  'reason.21612': 'texts cannot be sent to that number from here',
  'reason.21614': 'that number is a landline or cannot receive texts',
  'reason.30003': 'the phone is off or out of reach',
  'reason.30004': 'the guest or the carrier blocks texts',
  'reason.30005': 'that number does not exist',
  'reason.30006': 'that number is a landline or cannot be reached',
  'reason.30007': 'the carrier took it for spam',
  'reason.other': message(({ named }) => `Twilio error ${named('code')}`),
} satisfies Record<string, string | Message>
