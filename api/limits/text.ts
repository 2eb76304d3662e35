import { type DocumentNode, GraphQLError, visit } from 'graphql'

/** Whether a database can keep a text as it is: none keeps a NUL or half of a surrogate pair. */
export const isText = (text: string): boolean => !text.includes('\0') && text.isWellFormed()

/**
 * Refuses a request in which any text is none, before it comes near a database: SQLite's statements end at a NUL, and
 * PostgreSQL breaks off.
 * @returns how many values the variables hold, at every level
 * @throws GraphQLError BAD_USER_INPUT
 */
export function checkText(document: DocumentNode, variables: unknown): number {
  let plain = true
  visit(document, {
    StringValue({ value }) {
      plain &&= isText(value)
    },
  })
  // Nested as deep as a body can be; a function that calls itself could not follow.
  const rest = [variables]
  let values = -1
  while (plain && rest.length > 0) {
    const value = rest.pop()
    values += 1
    if (typeof value === 'string') plain = isText(value)
    else if (typeof value === 'object' && value !== null)
      for (const each of Object.values(value)) rest.push(each)
  }
  if (plain) return values
  throw new GraphQLError(
    'A text holds a NUL character or half of a surrogate pair, which nobody can type or keep. Leave it out.',
    { extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } },
  )
}
