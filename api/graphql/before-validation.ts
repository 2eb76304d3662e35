import { type DocumentNode, GraphQLError, Kind, parse, type SelectionSetNode, visit } from 'graphql'
import { LRUCache } from 'lru-cache'
import { limits } from '../limits/limits.ts'

/**
 * Whether what a subscription of a document listens to may turn out not to be there. The specification forbids that
 * since September 2025; graphql 16 does not know it yet, and fails when it validates or runs such a document.
 */
function hasConditionalSubscription({ definitions }: DocumentNode): boolean {
  const seen = new Set<string>()
  const conditional = ({ selections }: SelectionSetNode): boolean =>
    selections.some(node => {
      if (node.directives?.some(({ name }) => name.value === 'skip' || name.value === 'include')) return true
      if (node.kind === Kind.FIELD) return false
      if (node.kind === Kind.INLINE_FRAGMENT) return conditional(node.selectionSet)
      const name = node.name.value
      if (seen.has(name)) return false
      seen.add(name)
      return definitions.some(
        each =>
          each.kind === Kind.FRAGMENT_DEFINITION &&
          each.name.value === name &&
          conditional(each.selectionSet),
      )
    })
  return definitions.some(
    each =>
      each.kind === Kind.OPERATION_DEFINITION &&
      each.operation === 'subscription' &&
      conditional(each.selectionSet),
  )
}

/**
 * Whether a document selects one field so often that comparing each two of them, as validating does, would keep
 * everybody else waiting.
 */
function repeatsItself(document: DocumentNode): boolean {
  const times = new Map<string, number>()
  let repeats = false
  visit(document, {
    Field({ alias, name }) {
      const key = (alias ?? name).value
      const count = (times.get(key) ?? 0) + 1
      times.set(key, count)
      repeats ||= count > limits.sameFields
    },
  })
  return repeats
}

/** What is wrong with a document that must not come so far as to be validated; nothing with most. */
export function unfitToValidate(document: DocumentNode): GraphQLError | undefined {
  if (hasConditionalSubscription(document)) {
    const message =
      'What is subscribed to can be neither skipped nor included by a condition. Subscribe only if you mean it.'
    return new GraphQLError(message, { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } })
  }
  if (repeatsItself(document)) {
    const message = `This document selects a field of the same name more than ${limits.sameFields} times; split it.`
    return new GraphQLError(message, { extensions: { code: 'TOO_MANY_FIELDS' } })
  }
  return undefined
}

/**
 * The same of texts, where nothing but the text can be looked at before it is validated.
 * @param kept so many characters of texts are known again when they come another time
 */
export function unfitTexts(kept: number): (query: unknown) => GraphQLError | undefined {
  const fit = new LRUCache<string, true>({ maxSize: kept, sizeCalculation: (_, { length }) => length })
  return query => {
    if (typeof query !== 'string' || fit.has(query)) return undefined
    const conditional = query.includes('subscription') && query.includes('@')
    // A name has at least one character, and something must stand between two.
    if (!conditional && query.length <= 2 * limits.sameFields) return undefined
    try {
      const unfit = unfitToValidate(parse(query, { maxTokens: limits.tokens }))
      if (!unfit) fit.set(query, true)
      return unfit
    } catch {
      // Whoever reads it next says what is wrong with it.
      return undefined
    }
  }
}
