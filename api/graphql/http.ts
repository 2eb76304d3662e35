import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { ApolloServer } from '@apollo/server'
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled'
import { InMemoryLRUCache } from '@apollo/utils.keyvaluecache'
import { koaMiddleware } from '@as-integrations/koa'
import { type DocumentNode, GraphQLError, type GraphQLSchema } from 'graphql'
import type Koa from 'koa'
import type { Logger } from 'pino'
import type { Context } from '../context.ts'
import { checkLimits, limits } from '../limits/limits.ts'
import { mask } from '../limits/mask.ts'
import { headersOf, type RateLimits } from '../limits/rate-limits.ts'
import { timedOut, withinTime } from '../limits/time-out.ts'
import { unfitTexts } from './before-validation.ts'
import { refuseRequest, withJsonBody } from './json-body.ts'

export interface HttpRoadOptions {
  schema: GraphQLSchema
  /** Whether anyone may introspect, or only those who say who they are. */
  introspection: boolean
  logger: Logger
  rateLimits: RateLimits
  /** How long an operation may take, in milliseconds. */
  time: number
  contextOf: (ctx: Koa.Context, query: unknown, signal: AbortSignal) => Promise<Context>
}

/**
 * So many characters of documents are kept parsed: those of a shop's programs many times over. A syntax tree takes some
 * twenty times the memory of its text, and strangers can send as many different ones as they like.
 */
const keptDocuments = 200_000

/** GraphQL over HTTP: queries and mutations, JSON only. The caller puts it behind an exact path. */
export async function graphqlOverHttp({
  schema,
  introspection,
  logger,
  rateLimits,
  time,
  contextOf,
}: HttpRoadOptions): Promise<{ middleware: Koa.Middleware; close: () => Promise<void> }> {
  const requestIds = new AsyncLocalStorage<string>()
  const unfitText = unfitTexts(keptDocuments)
  const apollo = new ApolloServer<Context>({
    schema,
    logger: {
      debug: () => {},
      info: () => {},
      warn: logger.warn.bind(logger),
      error: logger.error.bind(logger),
    },
    // Refused in checkLimits instead, which knows who is asking.
    introspection: true,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    // Refused here instead: a POST has to be JSON, and a GET is never signed in by a cookie.
    csrfPrevention: false,
    parseOptions: { maxTokens: limits.tokens },
    documentStore: new InMemoryLRUCache<DocumentNode>({
      maxSize: keptDocuments,
      sizeCalculation: ({ loc }) => loc?.end ?? 1,
    }),
    formatError: ({ extensions }, error) =>
      mask(error, extensions?.code as string | undefined, requestIds.getStore() ?? randomUUID(), logger),
    plugins: [
      // Nobody may keep an answer, and reckoning for how long they might would look at every field of it.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      {
        requestDidStart: async () => ({
          didResolveOperation: async ({ document, operation, request, contextValue: context }) => {
            if (operation?.operation === 'subscription') throw isNoStream()
            const cost = checkLimits(schema, document, request, context.viewer, introspection)
            context.spent = rateLimits.spend(context, cost, context.spent)
          },
          willSendResponse: async ({
            request,
            response: { body, http },
            contextValue: { piiReads, spent },
          }) => {
            await piiReads.write()
            if (body.kind === 'single') {
              const { singleResult } = body
              singleResult.extensions = { ...singleResult.extensions, cost: spent }
            }
            for (const [name, value] of headersOf(spent)) http.headers.set(name, value)
            const plain = knowsNoStatus(request.http?.headers.get('accept'))
            if (http.status === 400 && plain) http.status = 200
            // Apollo says 200 to a client that asks for a persisted query, of which there are none.
            else if (
              http.status === 200 &&
              !plain &&
              body.kind === 'single' &&
              !('data' in body.singleResult)
            ) {
              http.status = 400
            }
          },
        }),
      },
    ],
  })
  await apollo.start()

  const answer = koaMiddleware<Koa.DefaultState, Koa.DefaultContext, Context>(apollo, {
    context: ({ ctx }) => contextOf(ctx, queryOf(ctx), ctx.state.signal),
  })
  const answerInTime = (ctx: Koa.Context, requestId: string, next: Koa.Next) =>
    withinTime<void>(
      time,
      signal => {
        ctx.state.signal = signal
        return answer(ctx as never, next)
      },
      () => refuseRequest(ctx, 503, timedOut().message, requestId, 'TIMED_OUT'),
    )

  return {
    middleware: (ctx, next) => {
      const requestId = randomUUID()
      ctx.set('X-Request-Id', requestId)
      // What one client may see is nothing for a cache to show to another; nor is it what a browser sees at this address.
      ctx.set('Cache-Control', 'no-store')
      ctx.vary('Accept')
      return requestIds.run(requestId, () =>
        withJsonBody(ctx, requestId, async () => {
          const wrong = wrongRequest(ctx)
          if (wrong) return refuseRequest(ctx, wrong.status, wrong.message, requestId)
          const unfit = unfitText(queryOf(ctx))
          if (!unfit) return answerInTime(ctx, requestId, next)
          const status = knowsNoStatus(ctx.get('Accept')) ? 200 : 400
          refuseRequest(ctx, status, unfit.message, requestId, String(unfit.extensions.code))
        }),
      )
    },
    close: () => apollo.stop(),
  }
}

const queryOf = ({ method, query, request }: Koa.Context): unknown =>
  method === 'GET' ? query.query : (request as { body?: { query?: unknown } | null }).body?.query

/** What is no operation at all. Apollo refuses it as well, but says less of what to do. */
function wrongRequest(ctx: Koa.Context): { status: number; message: string } | undefined {
  if (ctx.method === 'OPTIONS') {
    const message = 'Pages of this origin may not ask here. The shop says which may, by CORS_ORIGINS.'
    return { status: 405, message }
  }
  if (ctx.method !== 'GET' && ctx.method !== 'POST') {
    ctx.set('Allow', 'GET, POST')
    return { status: 405, message: 'Send queries and mutations by POST, or queries by GET.' }
  }
  if (Array.isArray(ctx.request.body)) {
    const message =
      'A request holds one operation. Send them one by one, or ask for all of it in one document.'
    return { status: 400, message }
  }
  return undefined
}

const isNoStream = () =>
  new GraphQLError(
    'A subscription is a stream. Open a WebSocket at this address, or send it to /graphql/stream.',
    { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } },
  )

/**
 * Whether a client asks for `application/json` by name: to it, by GraphQL over HTTP, a document that does not fit is
 * answered with 200 and errors, since such clients take any other status for one of a server in between.
 */
const knowsNoStatus = (accept = '') =>
  accept.includes('application/json') && !accept.includes('application/graphql-response+json')
