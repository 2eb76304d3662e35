import { execFile } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { type FSWatcher, mkdtempSync, rmSync, watch } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type AgentCall, type StandInAgent, startAgent } from '../tests/support/agent.ts'
import { Caller } from '../tests/support/caller.ts'
import { Api } from '../voice/api.ts'
import { readFunctions } from '../voice/functions/functions.ts'
import type { Random } from '../tests/support/random.ts'
import type { Kills } from './kills.ts'
import { environment, fileOf, Program } from './program.ts'
import { Subscriber } from './subscriber.ts'
import { Twilio } from './twilio.ts'

const publicUrl = 'https://boba.example.com'
const voiceKey = 'boba_chaoschaoschaoschaoschaos'
const scopes = ['orders:read', 'orders:write', 'orders:pii', 'calls:read']

/** Longest time the api may be away for one request of ours, in milliseconds. */
export const longestAnswer = 20_000

/** A whole shop: api and voice in processes of their own, and stand-ins for Deepgram and Twilio in this one. */
export class Shop {
  readonly folder: string
  /** `DATABASE_URL` */
  readonly database: string
  readonly functions = readFunctions()
  api!: Program
  voice!: Program
  twilio!: Twilio
  /** The api as voice asks it. */
  asVoice!: Api
  subscribers!: { orders: Subscriber; board: Subscriber }
  #staff!: Api
  #agent!: StandInAgent
  #voiceUrl = ''
  #numbers = 0
  #kills: Kills | undefined
  readonly #watcher: FSWatcher
  readonly #lines = new Map<string, (line: AgentCall) => void>()

  private constructor(folder: string, database: string) {
    this.folder = folder
    this.database = database
    this.#watcher = watch(folder, (_, file) => {
      if (file?.endsWith('.db-wal')) this.#kills?.reached('the database file was written')
    })
  }

  /** @param server a PostgreSQL server, on which a database is made and left; a SQLite file if omitted */
  static async open(server?: string): Promise<Shop> {
    const folder = mkdtempSync(join(tmpdir(), 'bobarista-chaos-'))
    const shop = new Shop(folder, server ? newDatabase(server) : `sqlite:${join(folder, 'bobarista.db')}`)
    const [apiPort, voicePort] = [await freePort(), await freePort()]
    const apiUrl = `http://127.0.0.1:${apiPort}`
    shop.#voiceUrl = `http://127.0.0.1:${voicePort}`
    shop.twilio = await Twilio.start(publicUrl, apiUrl)
    shop.#agent = await startAgent()
    void shop.#putThrough()
    const common = { PUBLIC_URL: publicUrl, VOICE_API_KEY: voiceKey, ...shop.twilio.env }
    const key = await newKey(shop.database)
    shop.api = new Program('api', 'dist/programs/api.js', folder, {
      ...common,
      API_PORT: String(apiPort),
      DATABASE_URL: shop.database,
      STAFF_PIN: '135790',
      MENU_FILE: fileOf('menu.json'),
      READY_HOLD_SECONDS: '0.3',
      RATE_LIMIT_FACTOR: '1000',
      SMS_RETRY_SECONDS: '0.15',
      SMS_RECHECK_SECONDS: '1.5',
    })
    shop.voice = new Program('voice', 'voice/main.ts', folder, {
      ...common,
      VOICE_PORT: String(voicePort),
      API_URL: apiUrl,
      DEEPGRAM_URL: shop.#agent.url,
      DEEPGRAM_API_KEY: 'chaos',
      AGENT_AUDIO: 'mulaw',
      DRAIN_SECONDS: '0',
    })
    shop.asVoice = new Api({ url: apiUrl, key: voiceKey })
    shop.#staff = new Api({ url: apiUrl, key })
    await Promise.all([shop.api.ready(), shop.voice.ready()])
    shop.subscribers = {
      orders: new Subscriber('orderEvents', apiUrl, key, 'id number status'),
      board: new Subscriber('boardEvents', apiUrl, key, 'number status'),
    }
    return shop
  }

  /** From now on Twilio does as these numbers say, and what happens is told to those who kill. */
  begin(random: Random, kills: Kills): void {
    this.#kills = kills
    this.twilio.begin(random, kills)
  }

  /** Rejects when a process has ended by itself. */
  get failed(): Promise<never> {
    return Promise.race([this.api.failed, this.voice.failed])
  }

  /** Asks the api as staff and integrators do, until it answers. */
  ask<Data>(query: string, variables: Record<string, unknown> = {}): Promise<Data> {
    return this.#staff.ask<Data>(query, variables, { within: longestAnswer })
  }

  /** A phone number nobody else has, E.164. */
  newNumber(): string {
    this.#numbers += 1
    return `+1555${String(this.#numbers).padStart(7, '0')}`
  }

  /** A telephone that has not rung yet. */
  phone(from: string): Caller {
    const authToken = this.twilio.env.TWILIO_AUTH_TOKEN!
    return new Caller({ voiceUrl: this.#voiceUrl, publicUrl, authToken, from })
  }

  /** The agent's end of the next call from a number. */
  lineOf(from: string): Promise<AgentCall> {
    return new Promise(resolve => this.#lines.set(from.slice(-4), resolve))
  }

  /** @param keep the folder with the logs and the database */
  async close(keep: boolean): Promise<void> {
    await Promise.all([this.subscribers.orders.close(), this.subscribers.board.close()])
    await this.voice.stop()
    await this.api.stop()
    await this.twilio.close()
    await this.#agent.close()
    this.#watcher.close()
    if (!keep) rmSync(this.folder, { recursive: true })
  }

  async #putThrough(): Promise<void> {
    for (;;) {
      // One whose voice has died before it said whose call it is belongs to nobody.
      void this.#recognise(await this.#agent.call()).catch(() => undefined)
    }
  }

  /** Prompts carry the end of the caller's number. */
  async #recognise(line: AgentCall): Promise<void> {
    const { agent } = (await line.settings()) as unknown as { agent: { think: { prompt: string } } }
    const [, digits] = /the one ending ((?:\d ?){4})/.exec(agent.think.prompt)!
    this.#lines.get(digits!.replaceAll(' ', '').trim())?.(line)
  }
}

function newDatabase(server: string): string {
  const url = new URL(server)
  url.pathname = `/boba_chaos_${randomBytes(4).toString('hex')}`
  return url.href
}

async function newKey(database: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [fileOf('dist/programs/api-key.js'), 'create', 'Chaos', ...scopes.flatMap(scope => ['--scope', scope])],
    { env: environment({ DATABASE_URL: database }), cwd: tmpdir() },
  )
  return stdout.split('\n')[0]!
}

/** Below those that systems give to connections: nobody else takes it while its process is dead. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 30_000)
    const server = createServer().listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
      server.close()
      await once(server, 'close')
      return port
    } catch {
      // Taken.
    }
  }
}
