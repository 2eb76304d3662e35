import { refuse } from '../carts/refusal.ts'
import type { Context } from '../context.ts'
import { EventType } from '../events/event.entity.ts'
import type { Transaction } from '../events/log.ts'
import { correctReadyText, withdrawReadyText } from '../sms/ready-text.ts'
import { changeOrder, type OrderChange } from './change-order.ts'
import type { Order } from './order.entity.ts'
import { OrderStatus } from './order-status.ts'

const words: Record<OrderStatus, string> = {
  RECEIVED: 'received',
  PREPARING: 'being prepared',
  READY: 'ready',
  PICKED_UP: 'picked up',
  CANCELLED: 'cancelled',
}

export interface MoveOptions {
  /** Why it is cancelled. */
  cancelReason?: string | null
  /** Whether the guest is told that it is not ready after all. */
  tellGuest?: boolean
}

/** Moves an order to another status, and does what goes with that. */
export function moveOrder(
  context: Context,
  id: string,
  status: OrderStatus,
  { cancelReason, tellGuest = false }: MoveOptions = {},
): Promise<OrderChange> {
  return changeOrder(
    context,
    ['id'],
    () => id,
    async (order, tx) => {
      if (!order.mayMoveTo(status)) {
        if (order.status === status) {
          refuse(
            `ORDER_ALREADY_${status}`,
            `Order ${order.number} is already ${words[status]}; somebody was faster.`,
          )
        }
        refuse(
          'ORDER_MOVE_NOT_ALLOWED',
          `Order ${order.number} is ${words[order.status]} and cannot become ${words[status]}.`,
        )
      }
      const wasReady = order.status === OrderStatus.READY
      if (status === OrderStatus.READY) await order.makeReady(context.readyHold)
      else if (status === OrderStatus.PREPARING && wasReady) await recall(order, tx, tellGuest)
      else order.status = status
      order.seenAt ??= new Date()
      if (status === OrderStatus.CANCELLED) {
        order.cancelReason = cancelReason?.trim().slice(0, 200) || null
        if (wasReady) await withdrawReadyText(tx.em, order)
      }
      return EventType.ORDER_STATUS_CHANGED
    },
  )
}

async function recall(order: Order, { em }: Transaction, tellGuest: boolean): Promise<void> {
  await order.recall()
  const withdrawn = await withdrawReadyText(em, order)
  if (tellGuest && !withdrawn) await correctReadyText(em, order)
}
