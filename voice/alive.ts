import { WebSocket } from 'ws'

/** How often nothing may have come, one time after the other, before the other end counts as gone. */
const missedMost = 2

/**
 * Asks the other end of a socket, by ping, whether it is still there. Whatever it sends is an answer. One that has
 * never answered a ping is not judged by its silence: neither Twilio nor Deepgram promises to answer.
 * @param every milliseconds
 * @returns stops asking
 */
export function watch(socket: WebSocket, every: number, gone: () => void): () => void {
  let answers = false
  let heard = true
  let missed = 0
  socket.on('message', () => (heard = true))
  socket.on('pong', () => (heard = answers = true))
  const timer = setInterval(() => {
    missed = heard ? 0 : missed + 1
    heard = false
    if (answers && missed >= missedMost) gone()
    else if (socket.readyState === WebSocket.OPEN) socket.ping()
  }, every)
  return () => clearInterval(timer)
}
