/*
 * The least that joins a media stream and an agent: parses JSON, wraps base64 the other way, and nothing else. What a
 * bridge costs is measured against it. Takes calls as the voice server does, so that the same driver calls both.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'

// The settings of voice: the difference is to be our work and not theirs.
const options = { perMessageDeflate: false, skipUTF8Validation: true }

interface Frame {
  event: string
  streamSid: string
  media: { payload: string }
}

const server = createServer((_request, response) => response.end('<Parameter name="token" value="none"/>'))
const sockets = new WebSocketServer({ noServer: true, ...options })

server.on('upgrade', (request, socket, head) => {
  const agent = new WebSocket(process.env.DEEPGRAM_URL!, options)
  agent.once('open', () =>
    sockets.handleUpgrade(request, socket, head, caller => {
      let streamSid = ''
      caller.on('message', data => {
        const frame = JSON.parse((data as Buffer).toString()) as Frame
        if (frame.event === 'media') agent.send(Buffer.from(frame.media.payload, 'base64'))
        else if (frame.event === 'start') streamSid = frame.streamSid
      })
      agent.on('message', (data, isBinary) => {
        if (!isBinary) return
        const payload = (data as Buffer).toString('base64')
        caller.send(JSON.stringify({ event: 'media', streamSid, media: { payload } }))
      })
      caller.on('close', () => agent.close())
    }),
  )
})

server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send?.({ ready: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
