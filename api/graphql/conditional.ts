import { type DocumentNode, Kind, parse, type SelectionSetNode } from 'graphql'
import { limits } from '../limits/limits.ts'

export const neitherSkippedNorIncluded =
  'What is subscribed to can be neither skipped nor included by a condition. Subscribe only if you mean it.'

/**
 * Whether what a subscription of a document listens to may turn out not to be there. The specification forbids that
 * since September 2025; graphql 16 does not know it yet, and fails when it validates or runs such a document.
 */
export function hasConditionalSubscription({ definitions }: DocumentNode): boolean {
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

/** The same of a text, where nothing but the text can be looked at before it is validated. */
export function mayBeConditionalSubscription(query: unknown): boolean {
  if (typeof query !== 'string' || !/subscription[^]*@/.test(query)) return false
  try {
    return hasConditionalSubscription(parse(query, { maxTokens: limits.tokens }))
  } catch {
    // Whoever reads it next says what is wrong with it.
    return false
  }
}
