import type { Duplex } from 'node:stream'

/**
 * Refuses an upgrade to another protocol, and lets go of its socket even when the client does not: Node looks after a
 * socket no more that was given to a listener of `upgrade`, and a server waits for it when it is closed.
 * @param socket with a listener for its errors
 * @param status such as "404 Not Found"
 */
export function refuseUpgrade(socket: Duplex, status: string, headers: Record<string, string> = {}): void {
  const lines = [
    `HTTP/1.1 ${status}`,
    ...Object.entries({ ...headers, Connection: 'close', 'Content-Length': '0' }).map(
      ([name, value]) => `${name}: ${value}`,
    ),
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n`, () => socket.destroy())
}
