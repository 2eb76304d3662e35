import type { Move, Order } from '../documents.ts'
import { t } from '../i18n/i18n.ts'
import { mayHaveBeenTold } from '../words.ts'
import type { Dialog } from './dialogs.ts'

interface Screen {
  orders: ReadonlyMap<string, Order>
  lookUp: (id: string) => Promise<Order | undefined>
  tap: (order: Order, move: Move, variables: Record<string, unknown>) => Promise<void>
  open: (dialog: Dialog, props: Record<string, unknown>) => Promise<void>
  tell: (message: string) => void
}

/** Takes an order back that was ready, and asks what a guest who may have read so shall be told. */
export function useRecall({ orders, lookUp, tap, open, tell }: Screen) {
  return async ({ id }: Pick<Order, 'id'>): Promise<void> => {
    const order = orders.get(id) ?? (await lookUp(id))
    if (!order) return tell(t('noAnswer'))
    const recall = (tellGuest: boolean) => tap(order, 'recall', { tellGuest })
    if (mayHaveBeenTold(order)) await open('correction', { order, onConfirm: recall })
    else await recall(false)
  }
}
