/**
 * Stands in for the GraphQL parser and printer that urql brings along: our documents are sent as they are written,
 * so all that is looked at is what kind of operation they hold and its name. That saves the console a fifteenth of its
 * size.
 */
interface Definition {
  kind: string
  operation?: string
  name: { kind: 'Name'; value: string }
  text: string
}

interface Document {
  kind: 'Document'
  definitions: Definition[]
}

export const Kind = {
  DOCUMENT: 'Document',
  OPERATION_DEFINITION: 'OperationDefinition',
  FRAGMENT_DEFINITION: 'FragmentDefinition',
  FIELD: 'Field',
  NAME: 'Name',
} as const

const operations = /(?:^|})\s*(query|mutation|subscription)\s+(\w+)/
const fragments = /\bfragment\s+(\w+)/

/** One operation with its fragments, or one fragment. */
export function parse(text: string): Document {
  const [, operation, value] = operations.exec(text) ?? []
  const definition: Definition =
    operation && value
      ? { kind: Kind.OPERATION_DEFINITION, operation, name: { kind: 'Name', value }, text }
      : {
          kind: Kind.FRAGMENT_DEFINITION,
          name: { kind: 'Name', value: fragments.exec(text)?.[1] ?? '' },
          text,
        }
  return { kind: Kind.DOCUMENT, definitions: [definition] }
}

export function print({ definitions }: Document): string {
  return definitions.map(({ text }) => text).join('\n')
}

export class GraphQLError extends Error {
  override readonly name = 'GraphQLError'
  readonly extensions: Record<string, unknown>

  constructor(
    message: string,
    _nodes?: unknown,
    _source?: unknown,
    _positions?: unknown,
    readonly path?: readonly (string | number)[],
    readonly originalError?: Error,
    extensions?: Record<string, unknown>,
  ) {
    super(message)
    this.extensions = extensions ?? {}
  }
}
