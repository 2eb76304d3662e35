import type { Metrics } from './metrics.ts'

/** What a call's summary says, in milliseconds; stored as `Call.metrics`. */
export interface CallSummary {
  durationMs: number
  greetingMs: number | null
  replyMedianMs: number | null
  replyMaxMs: number | null
  functionMaxMs: number | null
  interruptions: number
  droppedMs: number
  agentLosses: number
}

/** Replies remembered for the median. */
const mostReplies = 200

const whole = (ms: number | undefined) => (ms === undefined ? null : Math.round(ms))

/** Counts what happens on one call, for its summary and for the numbers of the process. */
export class CallNumbers {
  readonly #metrics: Metrics
  readonly #opened = performance.now()
  readonly #replies: number[] = []
  #attached: number | undefined
  #greeting: number | undefined
  #turnEnded: number | undefined
  #longestFunction: number | undefined
  #interruptions = 0
  #losses = 0

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  /** The caller's sound is connected. */
  attached(): void {
    this.#attached = performance.now()
    if (this.#greeting !== undefined) this.#metrics.greeting.observe(0)
  }

  /** The caller's words are complete. */
  turnEnded(): void {
    this.#turnEnded = performance.now()
  }

  /** The agent is heard; counts only the first sound of each reply. */
  agentSounds(): void {
    const now = performance.now()
    if (this.#greeting === undefined) {
      this.#greeting = this.#attached === undefined ? 0 : now - this.#attached
      if (this.#attached !== undefined) this.#metrics.greeting.observe(this.#greeting / 1_000)
    }
    if (this.#turnEnded === undefined) return
    const reply = now - this.#turnEnded
    this.#turnEnded = undefined
    this.#metrics.reply.observe(reply / 1_000)
    if (this.#replies.length < mostReplies) this.#replies.push(reply)
  }

  /** @param ms from the agent's word of it until Twilio was told to clear */
  interrupted(ms: number): void {
    this.#interruptions += 1
    this.#metrics.interruption.observe(ms / 1_000)
  }

  agentLost(): void {
    this.#losses += 1
    this.#metrics.losses.inc()
  }

  /** A function begins. → to be called with its name when it has been answered */
  functionStarts(): (name: string) => void {
    const started = performance.now()
    return name => {
      const took = performance.now() - started
      this.#metrics.functions.observe({ function: name }, took / 1_000)
      this.#longestFunction = Math.max(this.#longestFunction ?? 0, took)
    }
  }

  /** @param droppedBytes μ-law 8 kHz */
  summary(droppedBytes: number): CallSummary {
    const replies = this.#replies.toSorted((a, b) => a - b)
    this.#metrics.droppedBytes.inc(droppedBytes)
    return {
      durationMs: Math.round(performance.now() - this.#opened),
      greetingMs: whole(this.#greeting),
      replyMedianMs: whole(replies[replies.length >> 1]),
      replyMaxMs: whole(replies.at(-1)),
      functionMaxMs: whole(this.#longestFunction),
      interruptions: this.#interruptions,
      droppedMs: Math.round(droppedBytes / 8),
      agentLosses: this.#losses,
    }
  }
}
