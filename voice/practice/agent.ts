import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import { AgentSession } from './agent-session.ts'

export interface PracticeAgentOptions {
  /** 0, or nothing, takes a free one. */
  port?: number
  /** The loopback address if omitted. */
  host?: string
  /** How long a client may be silent, in milliseconds. Seen at Deepgram: ten seconds. */
  clientTimeout?: number
  logger?: Logger
}

const path = '/v1/agent/converse'

/**
 * A voice agent for practice: it speaks the wire of Deepgram's Voice Agent, hears and speaks text that travels inside
 * the audio (modem.ts), and takes orders by rules (conversation.ts). It needs no account and no network.
 * @throws Error EADDRINUSE when the port is taken
 */
export async function startPracticeAgent({
  port = 0,
  host = '127.0.0.1',
  clientTimeout = 10_000,
  logger,
}: PracticeAgentOptions = {}): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((_, response) => void response.writeHead(404).end())
  const websocket = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    const refusal = refusalOf(request)
    if (refusal) return void socket.end(refusal)
    websocket.handleUpgrade(
      request,
      socket,
      head,
      client => new AgentSession(client, { clientTimeout, logger }),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  return {
    url: `ws://${host.includes(':') ? `[${host}]` : host}:${taken}${path}`,
    close: async () => {
      const closed = new Promise(resolve => server.close(resolve))
      for (const client of websocket.clients) client.terminate()
      server.closeAllConnections()
      await closed
    },
  }
}

/** A bad key is refused on the upgrade, as at Deepgram: the socket never opens. Any key is good here. */
function refusalOf({ url, headers }: IncomingMessage): string | undefined {
  if (url !== path) return 'HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n'
  if (/^Token \S+$/.test(headers.authorization ?? '')) return undefined
  const requestId = randomUUID()
  const body = JSON.stringify({
    err_code: 'INVALID_AUTH',
    err_msg: 'Invalid credentials.',
    request_id: requestId,
  })
  return [
    'HTTP/1.1 401 Unauthorized',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `dg-request-id: ${requestId}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
