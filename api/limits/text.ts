import { GraphQLError } from 'graphql'

/** Whether a database can keep a text as it is: none keeps a NUL or half of a surrogate pair. */
export const isText = (text: string): boolean => !text.includes('\0') && text.isWellFormed()

/** @returns how many values variables hold, at every level; undefined when a text among them is none */
export function countValues(variables: unknown): number | undefined {
  // Nested as deep as a body can be; a function that calls itself could not follow.
  const rest = [variables]
  let values = -1
  while (rest.length > 0) {
    const value = rest.pop()
    values += 1
    if (typeof value === 'string' && !isText(value)) return undefined
    if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) rest.push(each)
  }
  return values
}

/**
 * That a request is refused in which any text is none, before it comes near a database: SQLite's statements end at a
 * NUL, and PostgreSQL breaks off.
 */
export const noText = (): GraphQLError =>
  new GraphQLError(
    'A text holds a NUL character or half of a surrogate pair, which nobody can type or keep. Leave it out.',
    { extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } },
  )
