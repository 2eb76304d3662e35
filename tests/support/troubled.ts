import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** An answer in the place of the server's own; 'drop' breaks the connection. */
export type Trouble = { status: number; type: string; body: string } | 'drop'

export interface Troubled {
  url: string
  /** What was asked for, oldest first. */
  asked: { path: string; headers: IncomingHttpHeaders; body: string }[]
  /** What the next requests meet, one each, before one gets through. */
  meet(...troubles: Trouble[]): void
  close(): Promise<void>
}

/** A reverse proxy that has its days: by HTTP alone, no WebSockets. */
export async function startTroubled(target: string): Promise<Troubled> {
  const asked: Troubled['asked'] = []
  const troubles: Trouble[] = []

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method, headers, url: path = '/' } = incoming
    const body = await text(incoming)
    asked.push({ path, headers, body })
    const trouble = troubles.shift()
    if (trouble === 'drop') return void outgoing.destroy()
    if (trouble)
      return void outgoing.writeHead(trouble.status, { 'Content-Type': trouble.type }).end(trouble.body)
    const onward = request(target + path, { method, headers }, answer => {
      outgoing.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(outgoing)
      answer.on('error', () => outgoing.destroy())
    })
    onward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => onward.destroy())
    onward.end(body)
  }

  const server = createServer((incoming, outgoing) => void handle(incoming, outgoing))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    meet: (...next) => void troubles.push(...next),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
