import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Proxy {
  url: string
  /** Breaks every connection, and lets no new one through. */
  cut(): void
  /** Lets new connections through again. */
  mend(): void
  /** Keeps every connection open, and takes new ones, but lets nothing through: no byte, no end. */
  freeze(): void
  /** Lets through what was held back, and all that comes. */
  thaw(): void
  close(): Promise<void>
}

/** A connection to a server that can be cut or frozen; its address is spoken of as the target's is. */
export async function startProxy(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target)
  const open = new Map<Socket, Socket>()
  let through = true
  let frozen = false
  const server = createServer(client => {
    if (!through) return void client.destroy()
    const upstream = connect(Number(port), hostname)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.set(from, to)
      if (!frozen) from.pipe(to)
      from.on('error', () => undefined)
      from.once('close', () => {
        open.delete(from)
        to.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    through = false
    for (const socket of open.keys()) socket.destroy()
  }
  const url = new URL(target)
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: url.href.replace(/\/$/, ''),
    cut,
    mend: () => (through = true),
    freeze: () => {
      frozen = true
      for (const [from, to] of open) from.unpipe(to).pause()
    },
    thaw: () => {
      frozen = false
      for (const [from, to] of open) from.pipe(to)
    },
    close: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
