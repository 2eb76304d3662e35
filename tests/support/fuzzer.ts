import { Agent, request as httpRequest } from 'node:http'
import type { GraphQLSchema } from 'graphql'
import { WebSocket } from 'ws'
import { Found } from './found.ts'
import { Judge, type Tally } from './fuzz-judge.ts'
import { type Asked, type Kind, mangle, spoil, writeDocument } from './odd-documents.ts'
import {
  brokenFrames,
  got,
  oddGreetings,
  oddMessage,
  type OddRequest,
  posted,
  withOddAddress,
  withOddBody,
  withOddHeaders,
} from './odd-requests.ts'
import { Random } from './random.ts'

/** Somebody who asks. */
export interface FuzzViewer {
  name: string
  headers: Record<string, string>
  /** Whether names and numbers of guests are shown to them. */
  pii: boolean
  /** Root fields by which they would only shut themselves out. */
  without?: string[]
}

export interface FuzzOptions {
  url: string
  schema: GraphQLSchema
  seed: number
  /** How many documents are sent. */
  documents: number
  viewers: FuzzViewer[]
  /** What only those who may see guests may see. */
  personal: string[]
  /** Ids that nobody shall come upon, such as those of the keys they ask with. */
  spared: string[]
}

export interface Fuzzed {
  /** Everything that was wrong, with what was sent; each kind of fault once. */
  faults: string[]
  sent: number
  tally: Tally
  /** Root fields that were answered with data. */
  answered: Set<string>
}

/** How many are at it at the same time. */
const workers = 8
/** So long nothing may be answered, in milliseconds: longer than any operation may take. */
const patience = 30_000
const mostFaults = 20

/** Sends odd requests over every road and looks at all that is answered. */
export async function fuzz(options: FuzzOptions): Promise<Fuzzed> {
  const fuzzer = new Fuzzer(options)
  await Promise.all(Array.from({ length: workers }, (_, number) => fuzzer.work(number)))
  fuzzer.close()
  return fuzzer
}

class Fuzzer implements Fuzzed {
  readonly #options: FuzzOptions
  readonly #judge: Judge
  readonly #agent = new Agent({ keepAlive: true })
  readonly #found: Found
  readonly #faults = new Map<string, string>()
  readonly answered = new Set<string>()
  sent = 0

  constructor(options: FuzzOptions) {
    this.#options = options
    this.#found = new Found(options.spared)
    this.#judge = new Judge(options.personal)
  }

  get faults(): string[] {
    return [...this.#faults.values()]
  }

  get tally(): Tally {
    return this.#judge.tally
  }

  close(): void {
    this.#agent.destroy()
  }

  async work(number: number): Promise<void> {
    const random = new Random(this.#options.seed * workers + number + 1)
    while (this.sent < this.#options.documents && this.#faults.size < mostFaults) {
      const viewer = random.pick(this.#options.viewers)
      const dice = random.below(100)
      if (dice < 55) await this.#ask(posted, ['query', 'mutation'], viewer, random)
      else if (dice < 63) await this.#ask(got, ['query', 'query', 'query', 'mutation'], viewer, random)
      else if (dice < 68) await this.#ask(this.#streamed, ['subscription'], viewer, random)
      else if (dice < 82) await this.#beOdd(viewer, random)
      else await this.#converse(viewer, random)
    }
  }

  readonly #streamed = (asked: Asked): OddRequest =>
    JSON.stringify(asked).length % 2 === 0 ? posted(asked, '/graphql/stream') : got(asked, '/graphql/stream')

  #document(kinds: Kind[], { without }: FuzzViewer, random: Random): Asked {
    this.sent += 1
    const kind = random.chance(95)
      ? random.pick(kinds)
      : random.pick<Kind>(['query', 'mutation', 'subscription'])
    const { schema } = this.#options
    const asked = writeDocument(kind, { schema, random, found: this.#found, without })
    const dice = random.below(100)
    return dice < 70 ? asked : dice < 85 ? spoil(asked, random) : mangle(asked, random)
  }

  async #ask(
    form: (asked: Asked) => OddRequest,
    kinds: Kind[],
    viewer: FuzzViewer,
    random: Random,
  ): Promise<void> {
    const asked = this.#document(kinds, viewer, random)
    const request = form(asked)
    await this.#send({ ...request, headers: { ...request.headers, ...viewer.headers } }, viewer, asked.query)
  }

  async #beOdd(viewer: FuzzViewer, random: Random): Promise<void> {
    const path = random.pick(['/graphql', '/graphql', '/graphql', '/graphql/stream'])
    const form = random.below(3)
    let request: OddRequest
    if (form === 0) {
      const asked = this.#document(['query', 'mutation', 'subscription'], viewer, random)
      request = withOddHeaders(random.chance(70) ? posted(asked, path) : got(asked, path), random)
    } else {
      this.sent += 1
      request = form === 1 ? withOddBody(random, path) : withOddAddress(random, path)
      if (random.chance(20)) request = withOddHeaders(request, random)
    }
    await this.#send({ ...request, headers: { ...viewer.headers, ...request.headers } }, viewer)
  }

  #blame(faults: string[], viewer: FuzzViewer, sent: unknown, answered: string): void {
    for (const fault of faults) {
      if (this.#faults.has(fault)) continue
      const shown = JSON.stringify(sent, (_name, value: unknown) =>
        typeof value === 'string' && value.length > 3_000 ? `${value.slice(0, 3_000)}…` : value,
      )
      this.#faults.set(
        fault,
        `The answer ${fault}.\n  ${viewer.name} sent ${shown}\n  and was told ${answered.slice(0, 2_000)}`,
      )
    }
  }

  #told(query: string, { data }: { data?: Record<string, unknown> | null }): void {
    if (!data) return
    this.#found.learn(data)
    for (const [name, value] of Object.entries(data)) {
      const [, field = name] = new RegExp(`\\b${name}: (\\w+)`).exec(query) ?? []
      if (value !== null) this.answered.add(field)
    }
  }

  async #send(request: OddRequest, viewer: FuzzViewer, query = ''): Promise<void> {
    const blame = (faults: string[], answered: string) => this.#blame(faults, viewer, request, answered)
    let answer: HttpAnswer
    try {
      answer = await overHttp(this.#options.url, request, this.#agent)
    } catch (error) {
      return blame([`never came: ${(error as Error).message}`], '')
    }
    const { text, type } = answer
    blame(this.#judge.words(text, viewer.pii, JSON.stringify(request)), text)
    const { method } = request
    if (type.startsWith('text/event-stream')) {
      // The last event may have come by half.
      for (const [, data] of text.matchAll(/^data: (.+)\n\n/gm)) {
        const result = JSON.parse(data!) as object
        blame(this.#judge.result(result), text)
        this.#told(query, result)
      }
      return
    }
    const accept = request.headers.accept ?? ''
    // Who looks like a browser is shown the explorer, when it is built.
    if (method === 'GET' && accept.includes('text/html') && /^text\/(html|plain)/.test(type)) return
    blame(this.#judge.http(answer, { method, accept }), `${answer.status}: ${text}`)
    if (answer.status === 200 && method !== 'HEAD' && method !== 'OPTIONS') {
      this.#told(query, JSON.parse(text) as object)
    }
  }

  /** One socket and all that is said on it. */
  async #converse(viewer: FuzzViewer, random: Random): Promise<void> {
    const cookie = viewer.headers.cookie
    const protocol = random.chance(3) ? random.pick(['graphql-ws', 'x', undefined]) : 'graphql-transport-ws'
    const socket = new WebSocket(`${this.#options.url.replace('http', 'ws')}/graphql`, protocol, {
      handshakeTimeout: patience,
      ...(cookie && { headers: { cookie, origin: this.#options.url } }),
    })
    const talk = new Talk(socket)
    const sent: unknown[] = []
    const say = (message: string | Buffer) => {
      sent.push(typeof message === 'string' ? message : message.toString('hex'))
      talk.say(message)
    }
    let broken = false
    try {
      if (await talk.opened) {
        const greeting = random.chance(6) ? random.pick(oddGreetings) : greetingOf(viewer)
        if (!random.chance(3)) {
          say(`{"type":"connection_init","payload":${greeting}}`)
          if (random.chance(97)) await talk.heard(({ type }) => type === 'connection_ack')
        }
        for (let count = 1 + random.below(6); count > 0 && talk.open; count -= 1) {
          if (random.chance(15)) {
            const message = oddMessage(random)
            say(message)
          } else {
            const kinds: Kind[] = ['subscription', 'subscription', 'subscription', 'query', 'mutation']
            const payload = this.#document(kinds, viewer, random)
            const id = random.chance(3) ? '1' : String(count)
            talk.expect(id)
            say(JSON.stringify({ id, type: 'subscribe', payload }))
            if (random.chance(8)) {
              talk.forget(id)
              say(`{"id":"${id}","type":"complete"}`)
            }
          }
        }
        if (random.chance(3)) {
          broken = true
          talk.write(random.pick(brokenFrames))
          await talk.closed()
        } else if (random.chance(95)) {
          say('{"type":"ping","payload":{"last":true}}')
          await talk.answered()
        }
        talk.end()
        const code = await talk.closed()
        this.#blame(this.#judge.closing(code, broken), viewer, sent, talk.texts.at(-1) ?? '')
      }
    } catch (error) {
      this.#blame([`never came: ${(error as Error).message}`], viewer, sent, talk.texts.join('\n'))
      socket.terminate()
    }
    for (const text of talk.texts)
      this.#blame(this.#judge.words(text, viewer.pii, sent.join(' ')), viewer, sent, text)
    for (const { type, payload } of talk.messages) {
      if (type === 'error') this.#blame(this.#judge.errors(payload), viewer, sent, JSON.stringify(payload))
      if (type !== 'next') continue
      this.#blame(this.#judge.result(payload), viewer, sent, JSON.stringify(payload))
      this.#told(sent.join(' '), payload as object)
    }
  }
}

const greetingOf = ({ headers: { authorization } }: FuzzViewer) => JSON.stringify({ authorization })

interface HttpAnswer {
  status: number
  type: string
  retryAfter: boolean
  text: string
}

/** Of a stream only what comes first is read. */
function overHttp(
  url: string,
  { method, path, headers, body }: OddRequest,
  agent: Agent,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    let text = ''
    // Of some methods Node would leave it out.
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const request = httpRequest(
      url + path,
      { method, headers: { ...headers, ...length }, agent },
      response => {
        const { statusCode, headers } = response
        const type = String(headers['content-type'] ?? '')
        const finish = () => {
          clearTimeout(timer)
          resolve({ status: statusCode!, type, retryAfter: 'retry-after' in headers, text })
        }
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
          if (!type.startsWith('text/event-stream') || !/^data: .+\n\n/m.test(text)) return
          finish()
          request.destroy()
        })
        response.once('end', finish).once('error', reject)
      },
    )
    const timer = setTimeout(
      () => request.destroy(new Error(`after so long there was no more than "${text.slice(0, 500)}"`)),
      patience,
    )
    request.once('error', error => {
      clearTimeout(timer)
      reject(error)
    })
    request.end(body)
  })
}

interface Message {
  id?: string
  type: string
  payload?: unknown
}

/** What is said on a socket, and what has to be answered. */
class Talk {
  readonly #socket: WebSocket
  readonly #expected = new Set<string>()
  readonly #waiting = new Set<() => void>()
  #code: number | undefined
  readonly messages: Message[] = []
  readonly texts: string[] = []
  /** → whether it was; a server may also refuse */
  readonly opened: Promise<boolean>
  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.once('close', code => {
      this.#code = code
      this.#look()
    })
    this.opened = new Promise(resolve => {
      socket.once('open', () => resolve(true)).once('close', () => resolve(false))
    })
    socket.on('error', () => undefined)
    socket.on('message', data => {
      const text = (data as Buffer).toString()
      this.texts.push(text)
      const message = JSON.parse(text) as Message
      this.messages.push(message)
      if (message.id !== undefined) this.#expected.delete(message.id)
      this.#look()
    })
  }

  get open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN
  }

  say(message: string | Buffer): void {
    this.#socket.send(message, () => undefined)
  }

  /** Bytes past the library, which would never send them. */
  write(bytes: Buffer): void {
    ;(this.#socket as unknown as { _socket: NodeJS.WritableStream | null })._socket?.write(bytes)
  }

  expect(id: string): void {
    this.#expected.add(id)
  }

  forget(id: string): void {
    this.#expected.delete(id)
  }

  end(): void {
    this.#socket.close(1000)
  }

  #look(): void {
    for (const look of this.#waiting) look()
  }

  /** Waits for a message, or the end. */
  async heard(matches: (message: Message) => boolean): Promise<void> {
    await this.#until(() => this.messages.some(matches), 'a message')
  }

  /** Waits until everything that was asked was answered, or the end. */
  async answered(): Promise<void> {
    await this.#until(() => this.#expected.size === 0 && this.messages.some(isLast), 'what was asked for')
  }

  /** Waits for the end. → with which code */
  async closed(): Promise<number> {
    await this.#until(() => false, 'the end')
    return this.#code!
  }

  #until(done: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!done() && this.#code === undefined) return
        clearTimeout(timer)
        this.#waiting.delete(look)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(look)
        reject(new Error(`nobody answered ${what}`))
      }, patience)
      this.#waiting.add(look)
      look()
    })
  }
}

const isLast = ({ type, payload }: Message) =>
  type === 'pong' && (payload as { last?: boolean } | undefined)?.last === true
