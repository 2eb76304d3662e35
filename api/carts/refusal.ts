/**
 * A failure that is expected: a sentence that says what happened and what to do next, and a stable code. What only
 * a language model is to do next, such as to ask the caller, is its advice.
 */
export class Refusal extends Error {
  readonly code: string
  readonly advice: string
  /** The input field it is about, as in `UserError.path`. */
  readonly path: string[] | null

  constructor(code: string, sentence: string, path: string[] | null = null, advice = '') {
    super(sentence)
    this.code = code
    this.path = path
    this.advice = advice
  }
}

/**
 * Does work whose refusals are all about one part of the input, whatever the work itself takes them to be about.
 * @throws Refusal of the work
 */
export async function about<T>(path: string[], work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return refuse(error.code, error.message, path, error.advice)
  }
}

/** @throws Refusal always */
export function refuse(code: string, sentence: string, path: string[] | null = null, advice?: string): never {
  throw new Refusal(code, sentence, path, advice)
}
