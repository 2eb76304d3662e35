import { LockMode } from '@mikro-orm/core'
import { Call } from '../calls/call.entity.ts'
import { FunctionCall } from '../calls/function-call.entity.ts'
import type { Context } from '../context.ts'

/**
 * Takes agent functions back: one that comes later has no effect, and an effect there was is undone as long as no
 * function that stands has built on it. What others were told of stays: an order that was placed, a changed number of
 * an order.
 * @returns the requests whose effect stays
 */
export async function cancelFunctions(
  { em, liveCalls, log }: Context,
  callId: string,
  requests: string[],
): Promise<string[]> {
  const stay = await log.change(em, async tx => {
    const call = await tx.em.findOne(Call, callId, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
    if (!call) return []
    const effects = await tx.em.find(
      FunctionCall,
      { call: callId, place: { $ne: null } },
      { orderBy: { place: 'desc' } },
    )
    const known = await tx.em.find(FunctionCall, { call: callId, request: { $in: requests } })
    for (const each of known) each.cancelled = true
    for (const request of requests) {
      if (known.some(each => each.request === request)) continue
      // Not yet here: its row waits for it.
      tx.em.create(FunctionCall, {
        call: callId,
        request,
        name: '',
        argumentsHash: '',
        arguments: {},
        answer: {},
        cancelled: true,
      })
    }
    for (const effect of effects) {
      if (!effect.cancelled || !effect.before) break
      Object.assign(call, effect.before)
      effect.place = null
    }
    return effects
      .filter(({ place, request }) => place !== null && requests.includes(request))
      .map(({ request }) => request)
  })
  liveCalls.wake()
  return stay
}
