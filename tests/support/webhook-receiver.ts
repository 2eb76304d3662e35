import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { Inbox } from './inbox.ts'

export interface Received {
  path: string
  headers: Record<string, string>
  id: string
  body: string
}

/**
 * What a receiver does: answer a status; never answer; answer a byte now and then; break the connection; want to speak
 * another protocol.
 */
export type Reaction =
  { status: number; headers?: Record<string, string> } | 'hang' | 'drip' | 'drop' | 'switch'

export interface Receiver {
  url: string
  /** All that came, oldest first. */
  received: Received[]
  /** The next one that was not waited for yet. */
  next(): Promise<Received>
  /** How it reacts to the next ones, one each; to all after them with 204. */
  react(...next: Reaction[]): void
  /** How it reacts to all that come on a path. */
  always(path: string, reaction: Reaction): void
  /** How it reacts to what this says something about. */
  reactTo(choose: (received: Received) => Reaction | undefined): void
  close(): Promise<void>
}

/** A program of an integrator that webhooks are sent to. */
export async function startReceiver(port = 0): Promise<Receiver> {
  const received: Received[] = []
  const inbox = new Inbox<Received>()
  const reactions: Reaction[] = []
  const standing = new Map<string, Reaction>()
  let choose: (item: Received) => Reaction | undefined = () => undefined
  const drips = new Set<NodeJS.Timeout>()

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    const path = request.url!
    const headers = request.headers as Record<string, string>
    const item = { path, headers, id: headers['webhook-id']!, body }
    received.push(item)
    const reaction = standing.get(path) ?? choose(item) ?? reactions.shift() ?? { status: 204 }
    if (reaction === 'drop') response.destroy()
    else if (reaction === 'switch')
      request.socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      )
    else if (reaction === 'drip') {
      const socket = request.socket
      socket.write('HTTP/1.1 200 OK\r\n')
      const drip = setInterval(() => socket.write('x'), 20)
      drips.add(drip)
      socket.once('close', () => clearInterval(drip))
    } else if (reaction !== 'hang') response.writeHead(reaction.status, reaction.headers).end()
    inbox.push(item)
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    next: () => inbox.next(),
    react: (...next) => void reactions.push(...next),
    always: (path, reaction) => void standing.set(path, reaction),
    reactTo: by => void (choose = by),
    close: async () => {
      for (const drip of drips) clearInterval(drip)
      server.close()
      server.closeAllConnections()
      inbox.close('the receiver is gone')
      await Promise.resolve()
    },
  }
}

/**
 * What was sent, when it is signed by this secret.
 * @throws when it is not
 */
export function opened<Data = Record<string, unknown>>(
  { body, headers }: Received,
  secret: string,
): { type: string; timestamp: string; data: Data } {
  return new Webhook(secret).verify(body, headers) as never
}
