import { setTimeout as wait } from 'node:timers/promises'

/** The api did not answer in time, or could not be reached. */
export class ApiAway extends Error {}

/** The api refused a document: its codes, and its own words, which are fit for a model. */
export class ApiRefused extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

interface GraphQLAnswer {
  data?: unknown
  errors?: { message: string; extensions?: { code?: string } }[]
}

const firstPause = 100
/** A caller waits meanwhile, so one more try comes soon after the api is there again. */
const longestPause = 400

/** Codes under which the api may answer the same request better a moment later. */
const passing = ['INTERNAL_SERVER_ERROR', 'RATE_LIMITED', 'TIMED_OUT', 'UNAVAILABLE']

/** Asks the api by GraphQL over HTTP. */
export class Api {
  /** Where subscriptions are asked for, by graphql-ws. */
  readonly socketUrl: string
  readonly #url: string
  readonly #headers: Record<string, string>

  constructor({ url, key }: { url: string; key: string }) {
    this.#url = `${url}/graphql`
    this.socketUrl = this.#url.replace(/^http/, 'ws')
    this.#headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` }
  }

  /**
   * Sends an operation and tries again until the deadline when the api or its database cannot be reached, so every
   * operation has to be safe to repeat: each mutation that voice uses is, by CallSid or by request id.
   * @param within deadline in milliseconds, over all tries
   * @throws ApiAway when nothing answered in time or the signal aborts
   * @throws ApiRefused when the api answered with errors
   */
  async ask<Data>(
    query: string,
    variables: Record<string, unknown>,
    { within = 5_000, signal }: { within?: number; signal?: AbortSignal } = {},
  ): Promise<Data> {
    const deadline = AbortSignal.timeout(within)
    const over = signal ? AbortSignal.any([signal, deadline]) : deadline
    const body = JSON.stringify({ query, variables })
    for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
      const answer = await this.#post(body, over)
      if (answer?.data && !answer.errors) return answer.data as Data
      const [error] = answer?.errors ?? []
      const code = error?.extensions?.code ?? 'NO_ANSWER'
      if (error && !passing.includes(code)) throw new ApiRefused(code, error.message)
      try {
        await wait(pause, undefined, { signal: over })
      } catch {
        throw new ApiAway('The api did not answer.')
      }
    }
  }

  /** → nothing when the api could not be reached, or something else than the api answered */
  async #post(body: string, signal: AbortSignal): Promise<GraphQLAnswer | undefined> {
    try {
      const response = await fetch(this.#url, { method: 'POST', headers: this.#headers, body, signal })
      return (await response.json()) as GraphQLAnswer
    } catch {
      return undefined
    }
  }
}
