import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

const seconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** What the voice process counts; times are seconds. */
export class Metrics {
  readonly registry = new Registry()
  readonly live: Gauge
  readonly ended: Counter<'reason'>
  readonly refused: Counter<'why'>
  readonly greeting: Histogram
  readonly reply: Histogram
  readonly interruption: Histogram
  readonly losses: Counter
  readonly functions: Histogram<'function'>
  readonly droppedBytes: Counter

  constructor() {
    const registers = [this.registry]
    collectDefaultMetrics({ register: this.registry })
    this.live = new Gauge({ name: 'bobarista_live_calls', help: 'Calls going on', registers })
    this.ended = new Counter({
      name: 'bobarista_calls_ended_total',
      help: 'Calls that ended, by reason',
      labelNames: ['reason'],
      registers,
    })
    this.refused = new Counter({
      name: 'bobarista_calls_refused_total',
      help: 'Calls that were not taken, by why',
      labelNames: ['why'],
      registers,
    })
    this.greeting = new Histogram({
      name: 'bobarista_greeting_seconds',
      help: "From the start of a caller's stream to the first sound of the agent; 0 when it was there before",
      buckets: seconds,
      registers,
    })
    this.reply = new Histogram({
      name: 'bobarista_reply_seconds',
      help: "From the agent's word that the caller is done to the first sound of its reply",
      buckets: seconds,
      registers,
    })
    this.interruption = new Histogram({
      name: 'bobarista_interruption_seconds',
      help: "From the agent's word that the caller speaks over it to the clear on the way to Twilio",
      buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05],
      registers,
    })
    this.losses = new Counter({
      name: 'bobarista_agent_losses_total',
      help: 'How often a voice agent was lost during a call',
      registers,
    })
    this.functions = new Histogram({
      name: 'bobarista_function_seconds',
      help: 'From the request of an agent function to its answer',
      labelNames: ['function'],
      buckets: seconds,
      registers,
    })
    this.droppedBytes = new Counter({
      name: 'bobarista_dropped_audio_bytes_total',
      help: 'Agent audio (μ-law) dropped because the caller had interrupted',
      registers,
    })
  }
}
