import { type Api, ApiRefused } from '../api.ts'
import type { FunctionCall } from '../deepgram/messages.ts'
import { BadArguments, readArguments } from './arguments.ts'
import type { AgentFunction } from './functions.ts'

/** What an agent function answered. */
export interface FunctionAnswer {
  /** Which function it was; nothing when the model has made one up. */
  name?: string
  /** JSON for the model. */
  content: string
  /** How the call shall end, when the function says so. */
  intent?: 'GOODBYE' | 'TRANSFER'
}

const refused = (error: string): FunctionAnswer => ({ content: JSON.stringify({ ok: false, error }) })

/**
 * Runs what a model asked for as a GraphQL operation. Never throws: whatever happens, the model gets a sentence it can
 * act on, because it is silent until it is answered.
 * @param within deadline in milliseconds
 */
export async function runFunction(
  functions: readonly AgentFunction[],
  api: Api,
  call: string,
  { id, name, arguments: text }: FunctionCall,
  { within, signal }: { within: number; signal: AbortSignal },
): Promise<FunctionAnswer> {
  const asked = functions.find(each => each.name === name)
  if (!asked) {
    const names = functions.map(each => each.name).join(', ')
    return refused(`There is no function "${name.slice(0, 40)}". There are ${names}.`)
  }
  try {
    const variables = { ...readArguments(asked, text), call, ...(asked.effect && { request: id }) }
    const { result } = await api.ask<{ result: Record<string, unknown> }>(asked.document, variables, {
      within,
      signal,
    })
    const { intent } = result
    return {
      name,
      content: JSON.stringify(withoutNulls(result)),
      ...((intent === 'GOODBYE' || intent === 'TRANSFER') && { intent }),
    }
  } catch (error) {
    if (error instanceof BadArguments) return { name, ...refused(error.message) }
    if (error instanceof ApiRefused && error.code === 'BAD_USER_INPUT') {
      return {
        name,
        ...refused(`The arguments of ${name} do not fit: ${error.message} Call it again with others.`),
      }
    }
    return {
      name,
      ...refused(
        'The order system does not answer right now. Tell the caller, try once more, and if it fails again offer to put them through with transfer_to_staff.',
      ),
    }
  }
}

/** What is not there needs no words: it costs the model time to read. */
function withoutNulls(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== null))
}
