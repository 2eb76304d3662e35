import { beforeAll, expect, test } from 'vitest'
import { type AgentCall, type StandInAgent, startAgent } from '../support/agent.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { Caller } from '../support/caller.ts'
import { Random } from '../support/random.ts'
import { startVoice } from '../support/voice.ts'

/** Hundreds of calls with faults of both sides at random; `STORM_SEED=…` plays one of them again. */
const rounds = Number(process.env.STORM_ROUNDS ?? 200)
const atOnce = 20
const firstSeed = Number(process.env.STORM_SEED ?? 1)

let api: TestApi
let agent: StandInAgent
let voice: Awaited<ReturnType<typeof startVoice>>
let key: string
const lines = new Map<string, (line: AgentCall) => void>()
let resources: string[]

const timersAndSockets = () =>
  process.getActiveResourcesInfo().filter(kind => kind === 'Timeout' || kind === 'TCPSocketWrap')

beforeAll(async () => {
  resources = timersAndSockets()
  api = await startApi()
  agent = await startAgent()
  key = await api.key('calls:write', 'calls:read', 'orders:read')
  voice = await startVoice({
    apiUrl: api.url,
    key,
    agentUrl: agent.url,
    patience: { drain: 0, farewell: 0, stream: 5_000 },
  })
})
/** The agent's end of a certain call: prompts carry the caller's number, and each caller has their own. */
async function lineOf(digits: string): Promise<AgentCall> {
  return new Promise(resolve => lines.set(digits, resolve))
}

async function dealOut(): Promise<void> {
  for (;;) {
    const line = await agent.call()
    const { agent: settings } = (await line.settings()) as unknown as { agent: { think: { prompt: string } } }
    const digits = /the one ending ((?:\d ?){4})/.exec(settings.think.prompt)![1]!.replaceAll(' ', '').trim()
    lines.get(digits)?.(line)
  }
}

class StormyCall {
  readonly #random: Random
  readonly #digits: string
  readonly caller: Caller
  #line!: AgentCall
  /** Each turn of the agent has a sound of its own. */
  #turn = 1
  /** What the answers of the api say should be there. */
  #staged = false
  #cart = 0
  #order: number | undefined
  readonly #asked = new Set<string>()
  readonly #answered = new Map<string, number>()
  readonly #cancelled = new Set<string>()
  /** Turns whose rest may not be heard after the clear of that index. */
  readonly #cut: number[] = []

  constructor(seed: number) {
    this.#random = new Random(seed * 2_654_435_761)
    this.#digits = String(1_000 + seed)
    this.caller = new Caller({ voiceUrl: voice.url, from: `+1555000${this.#digits}` })
  }

  async play(): Promise<void> {
    const opened = lineOf(this.#digits)
    await this.caller.connect()
    this.#line = await opened
    this.caller.speak(Buffer.alloc(160, 0x11))
    await this.#line.hears(160)
    for (let step = 3 + this.#random.below(12); step > 0; step -= 1) await this.#step()
    await this.#end()
  }

  async #step(): Promise<void> {
    const step = this.#random.pick([
      async () => this.#says(),
      () => this.#interrupted(),
      () => this.#orders(),
      () => this.#orders(),
      () => this.#asksMany(),
      async () => this.#cancels(),
      () => this.#agentDies(),
      () => this.#speaks(),
      async () => this.#junk(),
    ])
    await step()
  }

  #sound(): Buffer {
    return Buffer.alloc(100 + this.#random.below(1_500), this.#turn)
  }

  #nextTurn(): void {
    this.#turn = (this.#turn % 120) + 1
    this.#line.userSaid('…')
  }

  #says(): void {
    this.#nextTurn()
    this.#line.says('…', this.#sound(), 1 + this.#random.below(700))
    this.#echoMarks()
  }

  async #interrupted(): Promise<void> {
    this.#nextTurn()
    this.#line.sounds(this.#sound())
    this.#line.send({ type: 'UserStartedSpeaking' })
    this.#cut.push(this.#turn)
    // Late frames of the old reply; its end may never come.
    if (this.#random.chance(70)) this.#line.sounds(this.#sound())
    if (this.#random.chance(50)) this.#line.send({ type: 'AgentAudioDone' })
    await this.caller.cleared()
    this.#echoMarks()
    this.#nextTurn()
  }

  async #ask(name: string, args: unknown = {}): Promise<Record<string, unknown>> {
    const [id] = this.#line.request({ name, args })
    this.#asked.add(id!)
    const answer = await this.#line.answer(id!)
    this.#answered.set(id!, (this.#answered.get(id!) ?? 0) + 1)
    return answer
  }

  async #orders(): Promise<void> {
    switch (this.#random.below(5)) {
      case 0:
      case 1: {
        const { staged } = await this.#ask('add_to_cart', {
          flavor: this.#random.pick(['taro', 'black milk tea', 'coffee']),
          toppings: this.#random.pick([null, 'boba', ['pudding', 'cream'], ['gravel']]),
        })
        if (staged) this.#staged = true
        break
      }
      case 2: {
        const { ok } = await this.#ask('confirm_pending_to_cart')
        expect(ok).toBe(this.#staged && this.#cart < 10)
        if (ok) this.#confirmed()
        break
      }
      case 3: {
        const { ok } = await this.#ask('remove_from_cart', { index: this.#random.below(3) })
        if (ok) this.#cart -= 1
        break
      }
      case 4: {
        const { ok, items } = await this.#ask('checkout_order', { phone: 'caller id' })
        if (ok) {
          this.#order = (items as unknown[]).length
          this.#cart = 0
          this.#staged = false
        }
      }
    }
  }

  #confirmed(): void {
    this.#cart += 1
    this.#staged = false
  }

  async #asksMany(): Promise<void> {
    const names = ['get_cart', 'menu_summary', 'order_is_placed', 'no_such_function']
    await Promise.all(names.map(name => this.#ask(name, this.#random.pick([{}, 'null', '{"a":', '[]']))))
  }

  #cancels(): void {
    const [id] = this.#line.request({ name: 'get_cart', args: {} })
    this.#cancelled.add(id!)
    this.#line.send({ type: 'FunctionCallCancelled', functions: [{ id: id!, name: 'get_cart' }] })
  }

  async #agentDies(): Promise<void> {
    const next = lineOf(this.#digits)
    const cut = this.caller.log.length
    if (this.#random.chance(50)) this.#line.close(1011)
    else this.#line.send({ type: 'Error', description: '…', code: 'INTERNAL_SERVER_ERROR' })
    this.#line = await next
    await this.#line.next('InjectAgentMessage')
    expect(this.caller.log.length).toBeGreaterThan(cut)
    this.#nextTurn()
  }

  async #speaks(): Promise<void> {
    this.caller.speak(Buffer.alloc(160 * (1 + this.#random.below(20)), 0x22))
    if (this.#random.chance(20)) this.caller.press(this.#random.pick(['1', '#', '*']))
  }

  #junk(): void {
    this.#line.sendJunk(
      this.#random.pick(['{', '[]', '{"type":"LatencyReport","stt_latency":0.1}', '{"type":1}']),
    )
  }

  #echoMarks(): void {
    for (const frame of this.caller.log)
      if (frame.mark && this.#random.chance(50)) this.caller.echo(frame.mark.name)
  }

  async #end(): Promise<void> {
    if (this.#random.chance(30)) this.#line.request({ name: 'get_cart', args: {} })
    if (this.#random.chance(50)) this.caller.hangUp()
    else this.caller.drop()
    expect(await this.#line.closed).toBeDefined()
  }

  /** What has to be true once the call is over. */
  async check(): Promise<void> {
    expect(this.caller.faults).toEqual([])
    this.#checkSound()
    for (const id of this.#asked) expect(this.#answered.get(id)).toBe(1)
    expect(this.#line.received.rest.filter(({ id }) => this.#cancelled.has(id as string))).toEqual([])
    const { data } = await api.ask<{
      call: { cart: object[]; pendingItem: object | null; order: { items: object[] } | null }
    }>(
      'query ($id: ID!) { call(id: $id) { cart { flavor } pendingItem { flavor } order { items { flavor } } } }',
      { id: this.caller.callSid },
      key,
    )
    expect({
      cart: data.call.cart.length,
      staged: data.call.pendingItem !== null,
      order: data.call.order?.items.length,
    }).toEqual({ cart: this.#cart, staged: this.#staged, order: this.#order })
  }

  /** After a clear comes at most the fade of what was playing, then nothing of the turn that was cut. */
  #checkSound(): void {
    let cuts = 0
    let afterClear = false
    for (const { event, media } of this.caller.log) {
      if (event === 'clear') {
        cuts += 1
        afterClear = true
      } else if (event === 'media') {
        const audio = Buffer.from(media!.payload, 'base64')
        const fade = afterClear && audio.length <= 120
        if (!fade && cuts > 0)
          expect(audio.includes(this.#cut[cuts - 1]!) && audio.every(byte => byte === audio[0])).toBe(false)
        afterClear = false
      }
    }
    expect(cuts).toBe(this.#cut.length)
  }
}

test(
  'whatever happens, no old word is heard, nothing is answered twice, and the order is what was confirmed',
  { timeout: 120_000 },
  async () => {
    void dealOut()
    for (let seed = firstSeed; seed < firstSeed + (process.env.STORM_SEED ? 1 : rounds); seed += atOnce) {
      const batch = Array.from({ length: process.env.STORM_SEED ? 1 : atOnce }, (_, index) => seed + index)
      await Promise.all(
        batch.map(async seed => {
          const call = new StormyCall(seed)
          try {
            await call.play()
            await call.check()
          } catch (error) {
            throw new Error(`STORM_SEED=${seed}: ${(error as Error).message}`, { cause: error })
          }
        }),
      )
    }
    expect(await (await fetch(`${voice.url}/healthz`)).json()).toEqual({ status: 'ok', calls: 0 })
    await voice.close()
    await agent.close()
    await api.close()
    await expect.poll(timersAndSockets, { timeout: 20_000 }).toEqual(resources)
  },
)
