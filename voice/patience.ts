/** How long things may take, in milliseconds. */
export interface Patience {
  /** An answer of the api while Twilio waits: it allows fifteen seconds, in which the caller hears nothing. */
  answer: number
  /** The stream of a call that was answered: Twilio says a sentence first. */
  stream: number
  /** The first message on a stream. */
  start: number
  /** Welcome of the agent. */
  welcome: number
  /** How the order stands, for an agent that takes a call over while the caller waits. */
  recall: number
  /** An agent function. */
  function: number
  /** An agent function until the caller hears a filler. */
  filler: number
  /** Calling back an agent that was lost. */
  agent: number
  /** Between two questions whether the other end of a socket is still there. */
  alive: number
  /** Until a caller who says nothing is asked. */
  quiet: number
  /** The longest call. */
  call: number
  /** Live calls when the process shall stop. */
  drain: number
  /** Twilio's question how a call goes on, after its stream was closed to stop. */
  farewell: number
}

export const usualPatience: Patience = {
  answer: 4_000,
  stream: 20_000,
  start: 5_000,
  welcome: 3_000,
  recall: 1_000,
  function: 5_000,
  filler: 2_000,
  agent: 10_000,
  alive: 5_000,
  quiet: 20_000,
  call: 20 * 60_000,
  drain: 30_000,
  farewell: 2_000,
}
