import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type Koa from 'koa'
import sirv from 'sirv'

const policy = [
  "default-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join('; ')

const names = ['board', 'barista']

/**
 * Serves the built board and console at `/board/` and `/barista/`. Files whose names carry a hash of what is in them
 * are kept for ever by the browser, the pages themselves are asked for again each time.
 * @param folder of the builds; each screen that is not built answers with how to build it
 */
export function screens(folder: URL | undefined): (ctx: Koa.Context) => Promise<void> {
  const served = new Map(
    names.flatMap(name => {
      const path = folder && fileURLToPath(new URL(`${name}/`, folder))
      if (!path || !existsSync(path)) return []
      return [[name, serveFolder(path, policy)] as const]
    }),
  )
  return async ctx => {
    const [, name = '', ...rest] = ctx.path.split('/')
    const reads = ctx.method === 'GET' || ctx.method === 'HEAD'
    if (reads && (name === '' || (names.includes(name) && rest.length === 0))) {
      ctx.redirect(`/${name || 'board'}/`)
      return
    }
    const serve = served.get(name)
    if (!serve || !reads) {
      ctx.status = 404
      ctx.body =
        reads && names.includes(name) ? 'This screen is not built. Run `npm run build`.' : 'Not found'
      return
    }
    await serve(ctx, `/${name}`)
  }
}

/**
 * Serves the files of a build.
 * @param policy the Content-Security-Policy of its pages
 * @returns answers a GET or HEAD whose path begins with `prefix`
 */
export function serveFolder(
  path: string,
  policy: string,
): (ctx: Koa.Context, prefix: string) => Promise<void> {
  const handle = sirv(path, {
    etag: true,
    setHeaders: (response, file) => {
      response.setHeader('Content-Security-Policy', policy)
      response.setHeader(
        'Cache-Control',
        file.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      )
    },
  })
  return async (ctx, prefix) => {
    ctx.req.url = ctx.url.slice(prefix.length)
    await new Promise<void>(resolve => {
      ctx.res.once('finish', resolve).once('close', resolve)
      ctx.respond = false
      handle(ctx.req, ctx.res, () => {
        ctx.res.writeHead(404, { 'Content-Type': 'text/plain' }).end('Not found')
      })
    })
  }
}
