import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { ApolloServer } from '@apollo/server'
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled'
import { koaMiddleware } from '@as-integrations/koa'
import type { GraphQLSchema } from 'graphql'
import type Koa from 'koa'
import type { Logger } from 'pino'
import type { Context } from '../context.ts'
import { checkLimits, limits } from '../limits/limits.ts'
import { mask } from '../limits/mask.ts'
import { withJsonBody } from './json-body.ts'

export interface HttpRoadOptions {
  schema: GraphQLSchema
  /** Whether anyone may introspect, or only those who say who they are. */
  introspection: boolean
  logger: Logger
  contextOf: (ctx: Koa.Context) => Promise<Context>
}

/** GraphQL over HTTP: queries and mutations, JSON only. The caller puts it behind an exact path. */
export async function graphqlOverHttp({
  schema,
  introspection,
  logger,
  contextOf,
}: HttpRoadOptions): Promise<{ middleware: Koa.Middleware; close: () => Promise<void> }> {
  const requestIds = new AsyncLocalStorage<string>()
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
    formatError: ({ extensions }, error) =>
      mask(error, extensions?.code as string | undefined, requestIds.getStore() ?? randomUUID(), logger),
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      {
        requestDidStart: async () => ({
          willSendResponse: async ({ request, response: { http } }) => {
            if (http.status === 400 && knowsNoStatus(request.http?.headers.get('accept'))) http.status = 200
          },
          didResolveOperation: async ({ document, request, contextValue }) =>
            checkLimits(schema, document, request, contextValue.viewer, introspection),
        }),
      },
    ],
  })
  await apollo.start()

  const answer = koaMiddleware<Koa.DefaultState, Koa.DefaultContext, Context>(apollo, {
    context: ({ ctx }) => contextOf(ctx),
  })

  return {
    middleware: (ctx, next) => {
      const requestId = randomUUID()
      ctx.set('X-Request-Id', requestId)
      return requestIds.run(requestId, () => withJsonBody(ctx, requestId, () => answer(ctx as never, next)))
    },
    close: () => apollo.stop(),
  }
}

/**
 * Whether a client asks for `application/json` by name: to it, by GraphQL over HTTP, a document that does not fit is
 * answered with 200 and errors, since such clients take any other status for one of a server in between.
 */
const knowsNoStatus = (accept = '') =>
  accept.includes('application/json') && !accept.includes('application/graphql-response+json')
