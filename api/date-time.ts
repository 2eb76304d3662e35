import { GraphQLError, GraphQLScalarType } from 'graphql'
import { GraphQLDateTime } from 'graphql-scalars'

/** @throws GraphQLError for a time that PostgreSQL does not read: before the year 1, or after 9999, by UTC */
function within(time: Date): Date {
  const year = time.getUTCFullYear()
  if (year >= 1 && year <= 9999) return time
  throw new GraphQLError('A DateTime lies in the years 0001 to 9999, by UTC.')
}

/** The DateTime of graphql-scalars, of times that every database can keep. */
export const DateTime = new GraphQLScalarType<Date, Date>({
  ...GraphQLDateTime.toConfig(),
  parseValue: value => within(GraphQLDateTime.parseValue(value)),
  parseLiteral: (node, variables) => within(GraphQLDateTime.parseLiteral(node, variables)),
})
