import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApi } from './support/api.ts'
import { startAgent } from './support/agent.ts'
import { startVoice } from './support/voice.ts'

/** A connection that asks for a WebSocket where there is none. @returns once that was refused */
async function refusedAt(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  socket.on('error', () => {})
  socket.write('GET /nowhere HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/)
  return socket
}

describe.each(['api', 'voice'])('a client whose upgrade is refused, by %s,', name => {
  let url: string
  let close: () => Promise<void>
  const others: (() => Promise<unknown>)[] = []
  beforeAll(async () => {
    const api = await startApi()
    if (name === 'api') return void ({ url, close } = api)
    const agent = await startAgent()
    others.push(
      () => agent.close(),
      () => api.close(),
    )
    ;({ url, close } = await startVoice({ apiUrl: api.url, key: 'none', agentUrl: agent.url }))
  })
  afterAll(() => Promise.all(others.map(each => each())))

  test('ends nothing when it breaks off', async () => {
    for (let i = 0; i < 5; i += 1) (await refusedAt(url)).resetAndDestroy()
    expect((await fetch(`${url}/metrics`)).status).toBe(200)
  })

  test('holds nothing up when it stays', async () => {
    const staying = await refusedAt(url)
    await close()
    staying.destroy()
  })
})
