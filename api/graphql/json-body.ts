import { bodyParser } from '@koa/bodyparser'
import type Koa from 'koa'
import { limits } from '../limits/limits.ts'

const parseBody = bodyParser({
  enableTypes: ['json'],
  jsonLimit: limits.bodyBytes,
  // The one way to leave the parser without going on.
  onError: error => {
    throw new BadBody((error as { status?: number }).status === 413)
  },
})

/** Answers a request that never became an operation, in the form of one that did. */
export function refuseRequest(
  ctx: Koa.Context,
  status: number,
  message: string,
  requestId: string,
  code = 'BAD_REQUEST',
): void {
  ctx.status = status
  ctx.body = { errors: [{ message, extensions: { code, requestId } }] }
}

/** Reads the JSON body of a POST and goes on; without one that is JSON it refuses the request instead. */
export async function withJsonBody(
  ctx: Koa.Context,
  requestId: string,
  next: () => Promise<void>,
): Promise<void> {
  if (ctx.method === 'POST' && !ctx.is('application/json')) {
    const message = 'Send the request as JSON, with "Content-Type: application/json".'
    return refuseRequest(ctx, 415, message, requestId)
  }
  try {
    await parseBody(ctx as never, next)
  } catch (error) {
    if (!(error instanceof BadBody)) throw error
    if (error.tooLarge)
      refuseRequest(ctx, 413, 'The body is larger than 100 kB. Split the request.', requestId)
    else
      refuseRequest(ctx, 400, 'The body is not JSON. Send { "query": "…", "variables": { … } }.', requestId)
  }
}

class BadBody extends Error {
  readonly tooLarge: boolean

  constructor(tooLarge: boolean) {
    super()
    this.tooLarge = tooLarge
  }
}
