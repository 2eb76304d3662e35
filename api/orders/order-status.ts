import { registerEnumType } from 'type-graphql'

export enum OrderStatus {
  RECEIVED = 'RECEIVED',
  PREPARING = 'PREPARING',
  READY = 'READY',
  PICKED_UP = 'PICKED_UP',
  CANCELLED = 'CANCELLED',
}
registerEnumType(OrderStatus, {
  name: 'OrderStatus',
  description:
    'Where an order stands. RECEIVED → PREPARING → READY → PICKED_UP; CANCELLED from any but PICKED_UP.',
  valuesConfig: {
    RECEIVED: { description: 'Placed; nobody has started on it.' },
    PREPARING: { description: 'Being made.' },
    READY: { description: 'Waiting to be picked up; the guest is told.' },
    PICKED_UP: { description: 'Handed over. The end.' },
    CANCELLED: { description: 'Will not be made. The end.' },
  },
})

/** Where each status may go. Everything that is not listed is refused. */
export const nextStatus: Record<OrderStatus, readonly OrderStatus[]> = {
  RECEIVED: [OrderStatus.PREPARING, OrderStatus.READY, OrderStatus.CANCELLED],
  PREPARING: [OrderStatus.READY, OrderStatus.CANCELLED],
  READY: [OrderStatus.PREPARING, OrderStatus.PICKED_UP, OrderStatus.CANCELLED],
  PICKED_UP: [],
  CANCELLED: [],
}

/** Statuses in which an order still holds its number. */
export const openStatuses = [OrderStatus.RECEIVED, OrderStatus.PREPARING, OrderStatus.READY]

/** What the board calls "preparing". */
export const boardStatuses = [OrderStatus.RECEIVED, OrderStatus.PREPARING]

/**
 * The condition that an order is in one of these statuses. Where all of them are open ones it says so as well, in the
 * words of the index of open orders: a planner that only sees an order by time would walk through years of old ones.
 */
export function inStatus(statuses: readonly OrderStatus[]): object {
  const wanted = { status: { $in: [...statuses] } }
  const open = statuses.every(status => openStatuses.includes(status))
  return open ? { $and: [{ status: { $in: openStatuses } }, wanted] } : wanted
}
