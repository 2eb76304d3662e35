import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Proxy {
  url: string
  /** Breaks every connection, and lets no new one through. */
  cut(): void
  /** Lets new connections through again. */
  mend(): void
  close(): Promise<void>
}

/** A connection to a server that can be cut; its address is spoken of as the target's is. */
export async function startProxy(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target)
  const open = new Set<Socket>()
  let through = true
  const server = createServer(client => {
    if (!through) return void client.destroy()
    const upstream = connect(Number(port), hostname)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from)
      from.pipe(to)
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
    for (const socket of open) socket.destroy()
  }
  const url = new URL(target)
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: url.href.replace(/\/$/, ''),
    cut,
    mend: () => (through = true),
    close: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
