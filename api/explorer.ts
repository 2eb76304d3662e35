import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type Koa from 'koa'
import { serveFolder } from './screens.ts'

const policy = [
  "default-src 'self'",
  // The code editor writes the styles of what it colours into the page.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "worker-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join('; ')

export interface Explorer {
  /** Whether a request of `/graphql` is a browser's that wants to show a page. Programs never are. */
  isWanted: (ctx: Koa.Context) => boolean
  /** The page, for `/graphql`. */
  page: (ctx: Koa.Context) => void
  /** Its scripts and styles, for what lies below `/explorer/`. */
  files: (ctx: Koa.Context) => Promise<void>
}

/**
 * A page on which one tries the api and reads about it.
 * @param folder of the builds; when the explorer is not built, its page says how to build it
 */
export function explorer(folder: URL | undefined): Explorer {
  const path = folder && fileURLToPath(new URL('explorer/', folder))
  const built = path !== undefined && existsSync(`${path}index.html`)
  const html = built && readFileSync(`${path}index.html`, 'utf8')
  const serve = built ? serveFolder(path, policy) : undefined
  return {
    isWanted: ctx =>
      (ctx.method === 'GET' || ctx.method === 'HEAD') &&
      ctx.accepts(...graphqlTypes, 'text/html') === 'text/html',
    page: ctx => {
      ctx.set('Vary', 'Accept')
      if (!html) {
        ctx.status = 404
        ctx.body = 'The explorer is not built. Run `npm run build`.'
        return
      }
      ctx.set('Content-Security-Policy', policy)
      ctx.set('Cache-Control', 'no-cache')
      ctx.type = 'html'
      ctx.body = html
    },
    files: async ctx => {
      if (/^\/explorer\/?$/.test(ctx.path)) return ctx.redirect('/graphql')
      if (serve && (ctx.method === 'GET' || ctx.method === 'HEAD')) return serve(ctx, '/explorer')
      ctx.status = 404
      ctx.body = 'Not found'
    },
  }
}

/** In this order: who takes anything, as curl does, is answered with what a program reads. */
const graphqlTypes = ['application/graphql-response+json', 'application/json']
