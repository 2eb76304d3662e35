import { GraphQLError, GraphQLScalarType, Kind } from 'graphql'

/** Longer than any way to write a number, extension and all. */
const longest = 80

/**
 * A phone number of a guest, a caller or the shop. graphql-scalars has one that takes nothing but E.164. Ours takes
 * what people write as well, since only the shop's region says what "555-123-4567" is, and so that an impossible number
 * is refused as data, like whatever else is wrong with an order. What it answers is always E.164.
 */
export const PhoneNumber = new GraphQLScalarType<string, string>({
  name: 'PhoneNumber',
  description:
    'A phone number. What is answered is E.164, e.g. "+15551234567". What is sent is E.164 too, or a number as it is written in the region of the shop, e.g. "555-123-4567".',
  serialize: String,
  parseValue: phoneText,
  parseLiteral: node => phoneText(node.kind === Kind.STRING ? node.value : undefined),
})

/** @throws GraphQLError for what is no text, or too long to be a number */
function phoneText(value: unknown): string {
  if (typeof value === 'string' && value.length <= longest) return value
  throw new GraphQLError(
    `A PhoneNumber is text of at most ${longest} characters. Send E.164, e.g. "+15551234567".`,
  )
}
