import { refuse } from '../carts/refusal.ts'
import type { Context } from '../context.ts'
import { EventType } from '../events/event.entity.ts'
import { changeOrder, type OrderChange } from '../orders/change-order.ts'
import { latestText, wantText } from './ready-text.ts'
import { Sms, SmsStatus } from './sms.entity.ts'

/** Statuses in which a text has not come to its end. */
const onItsWay = [SmsStatus.QUEUED, SmsStatus.SENDING, SmsStatus.UNKNOWN]

/** Sends a text once more, as another one of its kind, to the number the order has now. */
export function resendText(context: Context, id: string): Promise<OrderChange> {
  return changeOrder(
    context,
    ['input', 'text'],
    async ({ em }) => (await em.findOne(Sms, id, { disableIdentityMap: true }))?.order.id ?? null,
    async (order, { em }) => {
      const { kind } = await em.findOneOrFail(Sms, id)
      const latest = await latestText(em, order, kind)
      if (latest && onItsWay.includes(latest.status)) {
        refuse('TEXT_ON_ITS_WAY', 'That text is still on its way. Wait until it is sent or has failed.')
      }
      if (!order.phone) {
        refuse(
          'NO_PHONE',
          `Order ${order.number} has no phone number any more: it was erased after some time.`,
        )
      }
      await wantText(em, order, kind)
      return EventType.ORDER_UPDATED
    },
  )
}
