/** One error of an answer. */
interface Failure {
  message?: unknown
  extensions?: { code?: unknown; requestId?: unknown }
}

/** What answers may say went wrong. A database that does not answer is not among it: it always does here. */
const codes = new Set([
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'FORBIDDEN',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'INTROSPECTION_DISABLED',
  'NOT_FOUND',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'RATE_LIMITED',
  'SUBSCRIPTION_LAGGED',
  'TOO_COSTLY',
  'TOO_DEEP',
  'TOO_MANY_ALIASES',
  'TOO_MANY_FIELDS',
  'TOO_MANY_OPERATIONS',
  'UNAUTHENTICATED',
])

const statuses = new Set([200, 204, 400, 401, 405, 406, 413, 415, 429])

/** Of the protocol of graphql-ws, of RFC 6455, and those of docs/keys-and-limits.md. */
const closings = new Set([1000, 1007, 1009, 1013, 4400, 4401, 4403, 4406, 4409, 4429])

/** What shows how it is made: stacks, files, SQL, and the words of an engine or of JavaScript. */
const insides = [
  /\n\s+at .+:\d+/,
  /node_modules|file:\/\/|\/dist\/|\.(ts|js):\d+/,
  // A subscription “must select only one top level field”.
  /\b((?<!must )select|insert into|update|delete from)\b.+\b(from|values|set|where)\b/i,
  /SQLITE|sqlstate|MikroORM|knex|kysely|invalid input syntax|byte sequence|constraint failed/i,
  /(Type|Reference|Range|Syntax)Error|is not a function|is not iterable|Cannot (read|set) propert/,
  /Unexpected token .+ JSON/,
]

/** How often each code was answered. */
export type Tally = Map<string, number>

/** Looks at what was answered. → what is wrong with it, in words */
export class Judge {
  /** What only those with `orders:pii` may see. */
  readonly #personal: string[]
  readonly tally: Tally = new Map()

  constructor(personal: string[]) {
    this.#personal = personal
  }

  #count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1)
  }

  /**
   * @param pii whether they may see numbers and names
   * @param sent what they said themselves, which they may read again
   */
  words(text: string, pii: boolean, sent: string): string[] {
    return [
      ...insides.flatMap(inside => inside.exec(text)?.[0] ?? []).map(shown => `shows ${shown}`),
      ...(pii
        ? []
        : this.#personal
            .filter(secret => text.includes(secret) && !sent.includes(secret))
            .map(() => 'shows who a guest is')),
    ]
  }

  errors(errors: unknown): string[] {
    if (errors === undefined) return []
    if (!Array.isArray(errors) || errors.length === 0) return ['has `errors` that are no list of errors']
    return (errors as Failure[]).flatMap(({ message, extensions: { code, requestId } = {} }) => {
      this.#count(String(code))
      return [
        ...(typeof message === 'string' && message ? [] : ['has an error without a message']),
        ...(codes.has(code as string) ? [] : [`has the code ${String(code)}`]),
        ...(typeof requestId === 'string' && requestId ? [] : ['has an error without a request id']),
      ]
    })
  }

  /** What one operation answered, by whichever road. */
  result(result: unknown): string[] {
    if (typeof result !== 'object' || result === null) return ['is no result']
    const { data, errors } = result as { data?: unknown; errors?: unknown }
    if (data === undefined && errors === undefined) return ['has neither data nor errors']
    if (data) this.#count(errors ? 'data with errors' : 'data')
    return this.errors(errors)
  }

  /** An answer over HTTP that is no stream. @param accept what was asked for */
  http(
    { status, type, retryAfter, text }: { status: number; type: string; retryAfter: boolean; text: string },
    { method, accept }: { method: string; accept: string },
  ): string[] {
    this.#count(String(status))
    const wrong = statuses.has(status) ? [] : [`has the status ${status}`]
    if (status === 429 && !retryAfter) wrong.push('does not say when to try again')
    if (method === 'HEAD' || method === 'OPTIONS' || status === 204) return wrong
    let result: object
    try {
      result = JSON.parse(text) as object
    } catch {
      return [...wrong, `is no JSON but ${type}`]
    }
    if (!/^application\/(graphql-response\+)?json(;|$)/.test(type)) wrong.push(`says it is ${type}`)
    if ('data' in result !== (status === 200) && accept.includes('graphql-response')) {
      wrong.push(`has the status ${status} ${'data' in result ? 'with' : 'without'} data`)
    }
    return [...wrong, ...this.result(result)]
  }

  /** The end of a socket. @param broken whether what was sent were no frames */
  closing(code: number, broken: boolean): string[] {
    this.#count(`closed ${code}`)
    if (closings.has(code) || (broken && [1002, 1006].includes(code))) return []
    return [`was closed with ${code}`]
  }
}
