import { setTimeout as delay } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { FunctionCall } from '../../api/calls/function-call.entity.ts'
import { type AgentCall, type StandInAgent, startAgent } from '../support/agent.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { Caller } from '../support/caller.ts'
import { Random } from '../support/random.ts'
import { startVoice } from '../support/voice.ts'

/** Hundreds of calls with faults of both sides at random; `STORM_SEED=…` plays one of them again. */
const rounds = Number(process.env.STORM_ROUNDS ?? 120)
const atOnce = 20
/** A call takes less than this by far, in milliseconds. */
const longest = 30_000
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
    patience: { drain: 0, farewell: 0, stream: 5_000, welcome: 1_000 },
  })
})
/** The agent's end of a certain call: prompts carry the caller's number, and each caller has their own. */
async function lineOf(digits: string): Promise<AgentCall> {
  return new Promise(resolve => lines.set(digits, resolve))
}

async function dealOut(): Promise<void> {
  for (;;) void recognise(await agent.call())
}

async function recognise(line: AgentCall): Promise<void> {
  const { agent: settings } = (await line.settings()) as unknown as { agent: { think: { prompt: string } } }
  const digits = /the one ending ((?:\d ?){4})/.exec(settings.think.prompt)![1]!.replaceAll(' ', '').trim()
  lines.get(digits)?.(line)
}

interface State {
  staged: boolean
  cart: number
  /** Drinks of the order, when there is one. */
  order: number | undefined
}

class StormyCall {
  readonly #random: Random
  readonly #digits: string
  readonly caller: Caller
  /** What has happened, step by step. */
  readonly done: string[] = []
  #line!: AgentCall
  /** Each turn of the agent has a sound of its own. */
  #turn = 1
  /** What the answers of the api say should be there. */
  #state: State = { staged: false, cart: 0, order: undefined }
  /** What could also be there: the caller hung up before the last function was answered. */
  #or: State | undefined
  #reason: string | undefined
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
    await this.#do({
      says: async () => this.#says(),
      interrupted: () => this.#interrupted(),
      orders: () => this.#orders(),
      'orders more': () => this.#orders(),
      'asks many': () => this.#asksMany(),
      cancels: () => this.#cancels(),
      'agent dies': () => this.#agentDies(),
      speaks: () => this.#speaks(),
      'reads slowly': () => this.#readsSlowly(),
      'keys in': () => this.#keysIn(),
      junk: async () => this.#junk(),
    })
  }

  /** One of these, and notes which. */
  async #do(steps: Record<string, () => Promise<void>>): Promise<void> {
    const [name, step] = this.#random.pick(Object.entries(steps))
    this.done.push(name)
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
    // Sometimes half a minute at once.
    const long = this.#random.chance(10)
    const sound = long ? Buffer.alloc(240_000, this.#turn) : this.#sound()
    this.#line.says('…', sound, 1 + this.#random.below(700) + (long ? 2_000 : 0))
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
    const state = this.#state
    switch (this.#random.below(5)) {
      case 0:
      case 1: {
        const { staged } = await this.#ask('add_to_cart', {
          flavor: this.#random.pick(['taro', 'black milk tea', 'coffee']),
          toppings: this.#random.pick([null, 'boba', ['pudding', 'cream'], ['gravel']]),
        })
        if (staged) state.staged = true
        break
      }
      case 2: {
        const { ok } = await this.#ask('confirm_pending_to_cart')
        expect(ok).toBe(state.staged && state.cart < 10)
        if (ok) this.#state = confirmed(state)
        break
      }
      case 3: {
        const { ok } = await this.#ask('remove_from_cart', { index: this.#random.below(3) })
        if (ok) state.cart -= 1
        break
      }
      case 4: {
        const { ok, items } = await this.#ask('checkout_order', { phone: 'caller id' })
        if (ok) this.#state = { order: (items as unknown[]).length, cart: 0, staged: false }
      }
    }
  }

  async #asksMany(): Promise<void> {
    const names = ['get_cart', 'menu_summary', 'order_is_placed', 'no_such_function']
    await Promise.all(names.map(name => this.#ask(name, this.#random.pick([{}, 'null', '{"a":', '[]']))))
  }

  /** The model takes back what it has just asked for: it gets no answer, and nothing changes. */
  async #cancels(): Promise<void> {
    const [name, args] = this.#random.pick([
      ['get_cart', {}],
      ['add_to_cart', { flavor: 'taro' }],
      ['confirm_pending_to_cart', {}],
      ['clear_pending_item', {}],
      ['remove_from_cart', { index: 0 }],
    ] as const)
    const [request] = this.#line.request({ name, args })
    this.#cancelled.add(request!)
    this.#line.send({ type: 'FunctionCallCancelled', functions: [{ id: request!, name }] })
    if (name === 'get_cart') return
    const { callSid: call } = this.caller
    await expect
      .poll(() => api.orm.em.fork().count(FunctionCall, { call, request: request!, cancelled: true }), {
        timeout: 10_000,
      })
      .toBe(1)
  }

  async #agentDies(): Promise<void> {
    const next = lineOf(this.#digits)
    // Whoever reaches it next: all of them try again.
    if (this.#random.chance(40)) agent.nextTo.push(this.#random.pick([429, 503, 'silence']))
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

  /** The caller's network takes nothing for a while, in which the agent speaks. */
  async #readsSlowly(): Promise<void> {
    this.caller.stall()
    this.#says()
    this.caller.speak(Buffer.alloc(800, 0x22))
    await this.#ask('menu_summary')
    this.caller.resume()
  }

  /** A number is keyed in while the agent speaks. */
  async #keysIn(): Promise<void> {
    this.#nextTurn()
    this.#line.sounds(this.#sound())
    for (const key of '5551234567#') this.caller.press(key)
    await this.#line.received.next(
      ({ type, content }) => type === 'InjectUserMessage' && String(content).includes('5551234567'),
    )
    this.#line.send({ type: 'AgentAudioDone' })
  }

  #junk(): void {
    this.#line.sendJunk(
      this.#random.pick(['{', '[]', '{"type":"LatencyReport","stt_latency":0.1}', '{"type":1}']),
    )
  }

  #echoMarks(percent = 50): void {
    for (const { mark } of this.caller.log)
      if (mark && this.#random.chance(percent)) this.caller.echo(mark.name)
  }

  async #end(): Promise<void> {
    await this.#do({
      goodbye: () => this.#goodbye(),
      'hangs up meanwhile': () => this.#hangsUpMeanwhile(),
      'hangs up mid-word': async () => this.#line.sounds(this.#sound()),
      'hangs up': async () => {},
    })
    if (this.#reason === undefined) {
      const leave = this.#random.pick([
        () => this.caller.hangUp(),
        () => this.caller.drop(),
        () => {
          this.caller.stop()
          this.caller.hangUp()
        },
      ])
      leave()
    }
    expect(await this.#line.closed).toBeDefined()
  }

  /** The goodbye is heard to its end, and the line is given back then. */
  async #goodbye(): Promise<void> {
    await this.#ask('end_call')
    const before = this.caller.log.length
    this.#says()
    const { mark } = await this.caller.frames.next(
      frame => frame.mark !== undefined && this.caller.log.indexOf(frame) >= before,
    )
    this.#echoMarks(100)
    this.caller.echo(mark!.name)
    await this.caller.givenBack()
    this.#reason = 'GOODBYE'
  }

  /** The caller is gone before the function they said yes to was answered: it may have been done. */
  async #hangsUpMeanwhile(): Promise<void> {
    const state = this.#state
    if (state.staged && state.cart < 10) {
      this.#line.request({ name: 'confirm_pending_to_cart', args: {} })
      this.#or = confirmed(state)
    } else {
      this.#line.request({ name: 'add_to_cart', args: { flavor: 'taro' } })
      this.#or = { ...state, staged: true }
    }
    // The request is on its way before the caller goes.
    if (this.#random.chance(50)) await this.#ask('menu_summary')
  }

  /** What has to be true once the call is over. */
  async check(): Promise<void> {
    expect(this.caller.faults).toEqual([])
    this.#checkSound()
    for (const id of this.#asked) expect(this.#answered.get(id)).toBe(1)
    expect(this.#line.received.rest.filter(({ id }) => this.#cancelled.has(id as string))).toEqual([])
    const { data } = await api.ask<{
      call: {
        cart: object[]
        pendingItem: object | null
        order: { items: object[] } | null
        endReason: string | null
      }
    }>(
      'query ($id: ID!) { call(id: $id) { cart { flavor } pendingItem { flavor } order { items { flavor } } endReason } }',
      { id: this.caller.callSid },
      key,
    )
    const { cart, pendingItem, order, endReason } = data.call
    const found: State = { cart: cart.length, staged: pendingItem !== null, order: order?.items.length }
    expect([this.#state, ...(this.#or ? [this.#or] : [])]).toContainEqual(found)
    if (this.#reason) expect(endReason).toBe(this.#reason)
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

/** What hangs is to say where. */
const tooLong = () =>
  delay(longest, undefined, { ref: false }).then(() => {
    throw new Error(`still going on after ${longest} ms`)
  })

const confirmed = (state: State): State => ({ ...state, staged: false, cart: state.cart + 1 })

test(
  'whatever happens, no old word is heard, nothing is answered twice, and the order is what was confirmed',
  { timeout: 60_000 + rounds * 600 },
  async () => {
    void dealOut()
    for (let seed = firstSeed; seed < firstSeed + (process.env.STORM_SEED ? 1 : rounds); seed += atOnce) {
      const batch = Array.from({ length: process.env.STORM_SEED ? 1 : atOnce }, (_, index) => seed + index)
      await Promise.all(
        batch.map(async seed => {
          const call = new StormyCall(seed)
          try {
            await Promise.race([call.play(), tooLong()])
            await call.check()
          } catch (error) {
            const happened = `STORM_SEED=${seed} (${call.done.join(', ')})`
            throw new Error(`${happened}: ${(error as Error).message}`, { cause: error })
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
