import { execute, type ExecutionArgs, type ExecutionResult, getOperationAST, Kind, visit } from 'graphql'
import { LRUCache } from 'lru-cache'
import type { Context } from '../context.ts'

/** Events whose answers are kept, and for how long, in milliseconds: as it takes to tell everybody of the newest ones. */
const keptEvents = 16
const holds = 1_000

/** Scopes of API keys of which it is written down what each of them has read. */
const audited = ['orders:pii', 'calls:read'] as const

/**
 * What subscribers are told of an event, worked out once for all who have asked the same with the same rights: of a
 * thousand boards each would be told the same, and working that out is nearly all that an event costs.
 */
export class SharedAnswers {
  readonly #kept = new LRUCache<object, Map<string, Promise<ExecutionResult>>>({
    max: keptEvents,
    ttl: holds,
  })

  /**
   * Tells a subscription's answers.
   * @returns works out what is to be told of an event
   */
  of(args: ExecutionArgs): (event: object) => Promise<ExecutionResult> {
    const asked = sameFor(args)
    const work = async (event: object) => execute({ ...args, rootValue: event })
    if (asked === undefined) return work
    return event => {
      const answers = this.#kept.get(event) ?? new Map<string, Promise<ExecutionResult>>()
      if (answers.size === 0) this.#kept.set(event, answers)
      const known = answers.get(asked)
      if (known) return known
      const answer = work(event)
      answers.set(asked, answer)
      // One that failed is not kept.
      answer.then(
        ({ errors }) => errors && answers.delete(asked),
        () => answers.delete(asked),
      )
      return answer
    }
  }
}

/** What is the same for all who are told the same; nothing for those who are told it by themselves. */
function sameFor({
  document,
  operationName,
  variableValues,
  contextValue,
}: ExecutionArgs): string | undefined {
  const { kind, id, scopes } = (contextValue as Context).viewer
  if (kind === 'API_KEY' && audited.some(scope => scopes.has(scope))) return undefined
  const text = document.loc?.source.body
  const operation = getOperationAST(document, operationName)
  if (text === undefined || !operation) return undefined
  // Variables of the stream itself, such as where it begins, make no difference to what is told.
  const told = operation.selectionSet.selections.flatMap(node =>
    node.kind === Kind.FRAGMENT_SPREAD ? [] : (node.selectionSet ?? []),
  )
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) told.push(node.selectionSet)
  }
  const variables = new Map<string, unknown>()
  for (const set of told) {
    visit(set, {
      Variable: ({ name: { value: name } }) => {
        // One that was left out may have a default, which null has not.
        variables.set(
          name,
          variableValues && Object.hasOwn(variableValues, name) ? [variableValues[name]] : [],
        )
      },
    })
  }
  return JSON.stringify([text, operationName, kind, kind === 'STAFF' ? null : id, [...variables]])
}
