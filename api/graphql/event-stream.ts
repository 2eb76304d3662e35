import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { createSourceEventStream, GraphQLError, type ExecutionArgs } from 'graphql'
import type Koa from 'koa'
import type { Logger } from 'pino'
import { z } from 'zod'
import { keepRechecking } from '../auth/recheck.ts'
import type { Viewer } from '../auth/viewer.ts'
import type { Context } from '../context.ts'
import { troubleOf } from '../database-errors.ts'
import type { Crowd } from '../limits/crowd.ts'
import { headersOf, type RateLimits } from '../limits/rate-limits.ts'
import { timedOut, withinTime } from '../limits/time-out.ts'
import { refuseRequest, withJsonBody } from './json-body.ts'
import type { SharedAnswers } from './shared-answers.ts'
import { hideErrors, subscriptionOf, type SubscriptionRules } from './subscription.ts'

export interface EventStreamRoadOptions extends SubscriptionRules {
  logger: Logger
  rateLimits: RateLimits
  /** How long a stream may take until it begins to tell, in milliseconds. */
  time: number
  addressOf: (request: IncomingMessage) => string
  viewerOf: (request: IncomingMessage) => Promise<Viewer>
  contextOf: (viewer: Viewer, request: IncomingMessage, query: string) => Context
  /** What is told to many, on every road that stays open. */
  answers: SharedAnswers
  /** What each address and each viewer has open, on every road that stays open. */
  byAddress: Crowd
  byViewer: Crowd
  /** Those of some viewers who may not do any more what they might. */
  outOf: (viewers: Viewer[]) => Promise<Set<Viewer>>
  /** How often open streams are checked for that, in milliseconds. */
  recheck?: number | undefined
  /** How often a comment is sent so that no proxy takes a quiet stream for a dead one, in milliseconds. */
  keepAlive?: number | undefined
  /** How long a client may take nothing before its stream is cut off, in milliseconds. */
  patience?: number | undefined
}

const parameters = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
})

type Parameters = z.infer<typeof parameters>

/** Somebody who may open a stream, and what they asked for: a document, or what is wrong with it. */
interface Admitted {
  viewer: Viewer
  context: Context
  checked: ReturnType<typeof subscriptionOf>
  /** Makes room for another one. */
  leave: () => void
}

/** One open stream. */
interface Open {
  viewer: Viewer
  /** Says why, and that there is nothing more to come. */
  refuse: (error: GraphQLError) => void
  cut: () => void
}

/**
 * Subscriptions as Server-Sent Events, for clients behind proxies that let no WebSocket through: the "distinct
 * connections mode" of the GraphQL over SSE protocol, by GET (as EventSource does) or POST. Each event carries its
 * cursor as `id`, so that a client that comes back with `Last-Event-ID` misses nothing. The server of graphql-sse
 * itself reads a subscription as fast as it can, however slow its client is, and sends no ids.
 */
export function graphqlOverEventStream(options: EventStreamRoadOptions): {
  /** The caller puts it behind an exact path. */
  middleware: Koa.Middleware
  /** How many streams are open. */
  count: () => number
  close: () => void
} {
  const { schema, logger, rateLimits, time, addressOf, viewerOf, contextOf, outOf } = options
  const { answers, byAddress, byViewer, recheck = 5_000, keepAlive = 10_000, patience = 30_000 } = options
  const open = new Set<Open>()

  /** → how to leave again; nothing when there is no room for one more stream of theirs */
  function admit(viewer: Viewer, address: string): (() => void) | undefined {
    const leaveAddress = byAddress.enter(address, rateLimits.socketsPerAddress)
    if (!leaveAddress || viewer.id === null) return leaveAddress
    const leaveViewer = byViewer.enter(viewer.id, rateLimits.socketsPerViewer)
    if (leaveViewer) {
      return () => {
        leaveViewer()
        leaveAddress()
      }
    }
    leaveAddress()
    return undefined
  }
  const stopRechecking = keepRechecking({
    open: () => [...open].map(({ viewer, refuse }) => ({ viewer, close: () => refuse(shutOut()) })),
    outOf,
    every: recheck,
  })

  function answer(
    ctx: Koa.Context,
    requestId: string,
    { viewer, context, checked, leave }: Admitted,
    { variables, operationName }: Parameters,
  ): void {
    const body = new PassThrough()
    const left = new AbortController()
    const { signal } = left
    const say = (frame: string) => body.writable && body.write(frame)
    const hide = (errors: readonly GraphQLError[]) => hideErrors(errors, logger, requestId)
    const stream: Open = {
      viewer,
      refuse: error => {
        left.abort()
        say(next({ errors: hide([error]) }) + complete)
        body.end()
      },
      cut: () => ctx.res.destroy(),
    }
    open.add(stream)
    const pulse = setInterval(() => body.writableNeedDrain || say(':\n\n'), keepAlive)
    body.once('close', () => {
      left.abort()
      clearInterval(pulse)
      open.delete(stream)
      leave()
    })
    ctx.set({ 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' })
    ctx.body = body
    ctx.set('Content-Type', 'text/event-stream; charset=utf-8')
    // Some browsers take a stream for open only when something has come.
    say(':\n\n')

    /** Waits until the client has taken what was sent to it; one that takes nothing any more is cut off. */
    async function send(frame: string): Promise<void> {
      if (say(frame) || signal.aborted) return
      const impatience = setTimeout(stream.cut, patience)
      try {
        await once(body, 'drain', { signal })
      } finally {
        clearTimeout(impatience)
      }
    }

    async function run(): Promise<void> {
      if ('errors' in checked) return send(next({ errors: hide(checked.errors) }))
      const args: ExecutionArgs = {
        schema,
        document: checked.document,
        variableValues: variables,
        operationName,
        contextValue: context,
      }
      const source = await withinTime<Awaited<ReturnType<typeof createSourceEventStream>>>(
        time,
        signal => {
          context.signal = signal
          return Promise.resolve(createSourceEventStream(args))
        },
        () => ({ errors: [timedOut()] }),
      )
      if (!(Symbol.asyncIterator in source)) return send(next({ errors: hide(source.errors ?? []) }))
      const events = source[Symbol.asyncIterator]() as AsyncIterator<object>
      // An iterator that waits for its next event learns only then that nobody wants it.
      signal.addEventListener('abort', () => void events.return?.().catch(() => undefined))
      if (signal.aborted) return void (await events.return?.())
      const answerTo = answers.of(args)
      let first = true
      for (;;) {
        const { value, done } = await events.next()
        if (done || signal.aborted) return
        const { errors, data } = await answerTo(value)
        // What cannot be written down is not told.
        await context.piiReads.write()
        const told = {
          data,
          ...(errors && { errors: hide(errors) }),
          ...(first && { extensions: { cost: context.spent } }),
        }
        first = false
        await send(idOf(value) + next(told))
      }
    }

    run()
      .catch((error: unknown) => {
        // Whoever has left is told nothing more.
        if (signal.aborted) return
        const told = error instanceof GraphQLError ? error : bug(error)
        return send(next({ errors: hide([told]) }))
      })
      .then(() => send(complete))
      .catch(() => undefined)
      .finally(() => body.end())
  }

  return {
    middleware: async ctx => {
      const requestId = randomUUID()
      ctx.set('X-Request-Id', requestId)
      if (ctx.method !== 'GET' && ctx.method !== 'POST') {
        ctx.set('Allow', 'GET, POST')
        return refuseRequest(ctx, 405, 'Streams are opened by GET or POST.', requestId)
      }
      if (!ctx.accepts('text/event-stream')) {
        return refuseRequest(ctx, 406, 'Streams are sent as text/event-stream: accept that.', requestId)
      }
      await withJsonBody(ctx, requestId, async () => {
        const asked = parameters.safeParse(ctx.method === 'GET' ? fromQuery(ctx) : bodyOf(ctx))
        if (!asked.success) {
          const message = 'Send { "query": "…", "variables": { … } }, as JSON or as parameters of a GET.'
          return refuseRequest(ctx, 400, message, requestId)
        }
        try {
          const viewer = await viewerOf(ctx.req)
          const context = {
            ...contextOf(viewer, ctx.req, asked.data.query),
            resumeAfter: ctx.get('Last-Event-ID') || null,
          }
          const checked = subscriptionOf(options, asked.data, viewer)
          // The protocol tells of a document that does not fit in the stream itself, of anything else before it.
          if ('cost' in checked) context.spent = rateLimits.spend(context, checked.cost, context.spent)
          for (const [name, value] of headersOf(context.spent)) ctx.set(name, value)
          const leave = admit(viewer, addressOf(ctx.req))
          if (!leave) throw tooManyStreams()
          answer(ctx, requestId, { viewer, context, checked, leave }, asked.data)
        } catch (error) {
          const told = error instanceof GraphQLError ? error : bug(error)
          const [shown] = hideErrors([told], logger, requestId)
          const { status, headers } = httpOf(told)
          ctx.status = status ?? (error instanceof GraphQLError ? 401 : troubleOf(error) ? 503 : 500)
          for (const [name, value] of headers ?? []) ctx.set(name, value)
          ctx.body = { errors: [shown] }
        }
      })
    },
    count: () => open.size,
    close: () => {
      stopRechecking()
      for (const { cut } of open) cut()
    },
  }
}

const next = (result: object) => `event: next\ndata: ${JSON.stringify(result)}\n\n`

const complete = 'event: complete\ndata:\n\n'

/** A gap is no place to go on from: who has missed something has to load a snapshot. */
function idOf(event: object): string {
  const { cursor } = event as { cursor?: unknown }
  return typeof cursor === 'string' ? `id: ${cursor}\n` : ''
}

/** Hidden from the outside like any other error without a code. */
const bug = (error: unknown) => new GraphQLError('a stream failed', { originalError: error as Error })

/** What a refusal says of the answer it stands in. */
const httpOf = ({ extensions: { http = {} } }: GraphQLError) =>
  http as { status?: number; headers?: Iterable<[string, string]> }

const tooManyStreams = () =>
  new GraphQLError('Too many streams are open at once. Close one, or try again in 10 seconds.', {
    extensions: {
      code: 'RATE_LIMITED',
      retryAfter: 10,
      http: { status: 429, headers: new Map([['Retry-After', '10']]) },
    },
  })

const shutOut = () =>
  new GraphQLError('The API key was revoked, or the session is over. Sign in again, or use another key.', {
    extensions: { code: 'UNAUTHENTICATED' },
  })

const bodyOf = (ctx: Koa.Context): unknown => (ctx.request as { body?: unknown }).body

function fromQuery({ query: { query, variables, operationName } }: Koa.Context): unknown {
  try {
    return { query, operationName, variables: variables && JSON.parse(String(variables)) }
  } catch {
    return undefined
  }
}
