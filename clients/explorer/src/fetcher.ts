import type { GraphiQLProvider } from '@graphiql/react'
import { Kind, type OperationDefinitionNode, parse } from 'graphql'
import type { ComponentProps } from 'react'
import { headerOf, post, type Proof } from './requests.ts'
import { subscribe } from './subscribe.ts'

type Fetcher = ComponentProps<typeof GraphiQLProvider>['fetcher']

/**
 * Sends what GraphiQL asks for: subscriptions over a WebSocket, the rest by POST.
 * @param proof the header that says who is asking, unless the headers editor says so itself
 */
export function fetcherFor(proof: Proof): Fetcher {
  return ({ query, variables, operationName }, options) => {
    const given: Record<string, unknown> = options?.headers ?? {}
    const headers = headerOf(given, 'authorization') ? given : { ...given, ...proof }
    // GraphiQL is late with its own reading of the document: it may still name the operation of the tab before.
    const operations = operationsOf(query)
    const chosen =
      operations.length === 1 ? operations[0] : operations.find(({ name }) => name?.value === operationName)
    const operation = { query, variables, operationName: chosen ? chosen.name?.value : operationName }
    // GraphiQL's own types know of no answer but a single result.
    return (
      chosen?.operation === 'subscription' ? subscribe(operation, headers) : post(operation, headers)
    ) as ReturnType<Fetcher>
  }
}

/** None of what cannot be parsed: the api says what is wrong with it. */
function operationsOf(query: string): OperationDefinitionNode[] {
  try {
    return parse(query).definitions.filter(each => each.kind === Kind.OPERATION_DEFINITION)
  } catch {
    return []
  }
}
