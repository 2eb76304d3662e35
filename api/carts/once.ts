import { createHash } from 'node:crypto'
import { LockMode } from '@mikro-orm/core'
import { Call } from '../calls/call.entity.ts'
import type { CallState } from '../calls/call-state.ts'
import { FunctionCall } from '../calls/function-call.entity.ts'
import type { Context } from '../context.ts'
import type { Transaction } from '../events/log.ts'
import { Menu } from '../menu/menu.ts'
import { Order } from '../orders/order.entity.ts'
import { Refusal, refuse } from './refusal.ts'

export interface Running {
  call: Call
  /** What the shop sells; read when it is needed. */
  menu: () => Promise<Menu>
  tx: Transaction
}

/** Every agent function names the call it is for and Deepgram's id of the request. */
export interface Request {
  call: string
  request: string
}

const hashOf = (args: object) => createHash('sha256').update(JSON.stringify(args)).digest('hex')

const failed = ({ message, advice, code }: Refusal) => ({
  ok: false,
  error: advice ? `${message} ${advice}` : message,
  code,
})

const stateOf = ({ pendingItem, cart, phone, intent, transferReason }: Call): CallState => ({
  pendingItem,
  cart,
  phone,
  intent,
  transferReason,
})

/**
 * Runs an agent function with an effect exactly once: its effect, its events and its answer are one transaction, and
 * the same request answers what is recorded. `otherwise` is what the answer holds besides the error when refused.
 *
 * `run` refuses before it writes anything, so that a refusal can be recorded in the same transaction.
 */
export async function once<Answer extends { ok: boolean }>(
  { em, liveCalls, log }: Context,
  name: string,
  { call: callId, request, ...args }: Request & Record<string, unknown>,
  otherwise: (call: Call | null) => Omit<Answer, 'ok' | 'error' | 'code'>,
  run: (running: Running) => Omit<Answer, 'ok'> | Promise<Omit<Answer, 'ok'>>,
): Promise<Answer> {
  const argumentsHash = hashOf(args)
  const answer = await log.change(em, async tx => {
    const call = await tx.em.findOne(Call, callId, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
    if (call) {
      // Only now that the call is locked: together with it they would be as they were before the wait for the lock, and
      // the shop would be locked for all other calls too.
      await tx.em.populate(call, ['shop'])
      call.order = await tx.em.findOne(Order, { call })
    }
    const known = await tx.em.findOne(FunctionCall, { call: callId, request })
    if (known?.name === name && known.argumentsHash === argumentsHash && !known.cancelled) {
      return known.answer as Answer
    }
    const record = { call: callId, request, name, argumentsHash, arguments: args }
    try {
      if (known?.cancelled) refuse('CANCELLED', 'This request was cancelled. Call the function anew.')
      if (known) {
        refuse(
          'REQUEST_REUSED',
          'This request id was used for another call of a function. Call the function anew.',
        )
      }
      if (!call)
        return refuse('NO_SUCH_CALL', 'This call is not known here. Apologise and transfer to staff.')
      // Its voice process may be slower than the caller, who has dialled again.
      if (call.endedAt && (await tx.em.count(Call, { resumes: call }))) {
        refuse('CALL_RESUMED', 'The caller has called again and goes on there. Say goodbye.')
      }
      const before = stateOf(call)
      let told = false
      const append: Transaction['append'] = (shop, change) => {
        told = true
        return tx.append(shop, change)
      }
      const menu = () => Menu.of(tx.em, call.shop)
      const answer = { ok: true, ...(await run({ call, menu, tx: { em: tx.em, append } })) }
      call.effects += 1
      call.erasedAt = null
      // What others were told of cannot be taken back.
      tx.em.create(FunctionCall, { ...record, answer, place: call.effects, before: told ? null : before })
      return answer as unknown as Answer
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      tx.em.clear()
      const answer = { ...failed(error), ...otherwise(call) }
      if (call && !known) {
        tx.em.create(FunctionCall, { ...record, answer })
        await tx.em.nativeUpdate(Call, { id: call.id, erasedAt: { $ne: null } }, { erasedAt: null })
      }
      return answer as unknown as Answer
    }
  })
  liveCalls.wake()
  return answer
}

/** An agent function that only looks. */
export async function look<Answer extends { ok: boolean }>(
  { em }: Context,
  callId: string,
  otherwise: Omit<Answer, 'ok' | 'error' | 'code'>,
  run: (call: Call) => Omit<Answer, 'ok'> | Promise<Omit<Answer, 'ok'>>,
): Promise<Answer> {
  try {
    const call = await em.findOne(Call, callId, { populate: ['shop', 'order'] })
    if (!call) return refuse('NO_SUCH_CALL', 'This call is not known here. Apologise and transfer to staff.')
    return { ok: true, ...(await run(call)) } as unknown as Answer
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { ...failed(error), ...otherwise } as unknown as Answer
  }
}
