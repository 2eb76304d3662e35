import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { Inbox } from './inbox.ts'
import { faultOf } from './wire.ts'

interface Message {
  type: string
  [field: string]: unknown
}

export interface AgentOptions {
  /** Answers the upgrade with this HTTP status instead of a socket. */
  refuse?: number | undefined
  /** Sends nothing by itself: no Welcome, no SettingsApplied. */
  silent?: boolean
}

/** A stand-in for Deepgram: speaks the Voice Agent wire and does what a test says. */
export interface StandInAgent {
  url: string
  options: AgentOptions
  /** What happens to those who reach it next, one each: an HTTP status, or a socket that says nothing. */
  nextTo: (number | 'silence')[]
  /** The next time it refuses somebody. */
  refused(): Promise<number>
  /** The next call that reaches it. */
  call(): Promise<AgentCall>
  /** Closes it. @throws Error when either side broke the wire's schema */
  close(): Promise<void>
}

export async function startAgent(options: AgentOptions = {}): Promise<StandInAgent> {
  const server = createServer()
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  const calls = new Inbox<AgentCall>()
  const refusals = new Inbox<number>()
  const faults: string[] = []
  const standIn: StandInAgent = {
    url: '',
    options,
    nextTo: [],
    call: () => calls.next(),
    refused: () => refusals.next(),
    async close() {
      for (const client of sockets.clients) client.terminate()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
      if (faults.length) throw new Error(`The wire was broken: ${faults.join('; ')}`)
    },
  }
  server.on('upgrade', (request, socket, head) => {
    const trap = standIn.nextTo.shift()
    if (trap === 'silence') return sockets.handleUpgrade(request, socket, head, () => {})
    const refuse = trap ?? standIn.options.refuse
    if (refuse || !/^Token \S+$/.test(request.headers.authorization ?? '')) {
      refusals.push(refuse ?? 401)
      socket.end(`HTTP/1.1 ${refuse ?? 401} Refused\r\nConnection: close\r\n\r\n`)
      return
    }
    sockets.handleUpgrade(request, socket, head, client =>
      calls.push(new AgentCall(client, standIn.options.silent ?? false, fault => faults.push(fault))),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  standIn.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/agent/converse`
  return standIn
}

/** One conversation at the stand-in. */
export class AgentCall {
  readonly received = new Inbox<Message>()
  /** What the caller said, in the input format of the settings, as it arrived. */
  readonly audio: Buffer[] = []
  readonly closed: Promise<number>
  readonly #socket: WebSocket
  readonly #fault: (fault: string) => void
  readonly #heard = new Inbox<number>()

  constructor(socket: WebSocket, silent: boolean, fault: (fault: string) => void) {
    this.#socket = socket
    this.#fault = fault
    // A process that was killed resets its connections; that they are closed is told all the same.
    socket.on('error', () => undefined)
    this.closed = new Promise(resolve => socket.once('close', code => resolve(code)))
    void this.closed.then(() => this.received.close('The agent socket was closed'))
    socket.on('message', (data, isBinary) => {
      if (isBinary) {
        this.audio.push(data as Buffer)
        this.#heard.push(this.#bytes)
        return
      }
      const message = JSON.parse((data as Buffer).toString()) as Message
      const wrong = faultOf.toDeepgram(message) ?? (message.type === 'Settings' && faultOf.settings(message))
      if (wrong) fault(wrong)
      if (message.type === 'Settings' && !silent) this.send({ type: 'SettingsApplied' })
      this.received.push(message)
    })
    if (!silent) this.send({ type: 'Welcome', request_id: crypto.randomUUID() })
  }

  send(message: Message): void {
    const wrong = faultOf.fromDeepgram(message)
    if (wrong) this.#fault(wrong)
    this.#socket.send(JSON.stringify(message))
  }

  /** Sends what is on no list. */
  sendJunk(data: string | Buffer): void {
    this.#socket.send(data)
  }

  /** The next message of a type. */
  async next(type: string): Promise<Message> {
    return this.received.next(message => message.type === type)
  }

  /** Settings as voice sent them. */
  async settings(): Promise<Message & { agent: never; audio: never }> {
    return (await this.next('Settings')) as never
  }

  /** Waits until so many bytes came from the caller. → all of them */
  async hears(bytes: number): Promise<Buffer> {
    if (this.#bytes < bytes) await this.#heard.next(total => total >= bytes)
    return Buffer.concat(this.audio)
  }

  /** Says a reply: sound in the output format, then AgentAudioDone. */
  says(content: string, sound: Buffer, chunk = sound.length): void {
    this.send({ type: 'ConversationText', role: 'assistant', content })
    for (let at = 0; at < sound.length; at += chunk) this.#socket.send(sound.subarray(at, at + chunk))
    this.send({ type: 'AgentAudioDone' })
  }

  /** Waits until a ping of the caller's side was answered. */
  async answersPing(): Promise<void> {
    await once(this.#socket, 'ping')
    await once(this.#socket, 'ping')
  }

  /** Takes nothing any more, and does not say so. */
  stall(): void {
    this.#socket.pause()
  }

  /** Sound alone. */
  sounds(sound: Buffer): void {
    this.#socket.send(sound)
  }

  /** The caller said something and is done. */
  userSaid(content: string): void {
    this.send({ type: 'ConversationText', role: 'user', content })
  }

  /** Asks for functions in one request. → their ids */
  request(...functions: { name: string; args: unknown; id?: string }[]): string[] {
    const items = functions.map(({ name, args, id = `call_${randomBytes(8).toString('hex')}` }) => ({
      id,
      name,
      arguments: typeof args === 'string' ? args : JSON.stringify(args),
      client_side: true,
    }))
    this.send({ type: 'FunctionCallRequest', functions: items })
    return items.map(({ id }) => id)
  }

  /** The answer to a function call, read as JSON. */
  async answer(id: string): Promise<Record<string, unknown>> {
    const { content } = await this.received.next(
      message => message.type === 'FunctionCallResponse' && message.id === id,
    )
    return JSON.parse(content as string) as Record<string, unknown>
  }

  /** Asks for one function and waits for what it answers. @param args JSON as it is when it is text */
  async asks(name: string, args: unknown = {}, id?: string): Promise<Record<string, unknown>> {
    const [asked] = this.request({ name, args, ...(id !== undefined && { id }) })
    return this.answer(asked!)
  }

  close(code = 1000): void {
    this.#socket.close(code)
  }

  get #bytes(): number {
    return this.audio.reduce((sum, { length }) => sum + length, 0)
  }
}
