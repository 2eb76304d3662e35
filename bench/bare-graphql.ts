import { ApolloServer } from '@apollo/server'
import { koaMiddleware } from '@as-integrations/koa'
import { bodyParser } from '@koa/bodyparser'
import Koa from 'koa'
import type { AddressInfo } from 'node:net'

/** Apollo Server on Koa with nothing of ours: what a query costs before it asks for anything. */
const apollo = new ApolloServer({ typeDefs: 'type Query { nothing: String }' })
await apollo.start()
const app = new Koa()
app.use(bodyParser())
app.use(koaMiddleware(apollo))
const server = app.listen(0, '127.0.0.1', () => {
  process.send?.({ ready: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` })
})
process.once('SIGTERM', () => server.close())
