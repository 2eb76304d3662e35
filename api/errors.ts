import { Field, InterfaceType } from 'type-graphql'

/** Describes a kind of failure by what it means and every code it can have; a test holds the list to the code. */
export const describeRefusal = (meaning: string, ...codes: string[]): string =>
  `${meaning} Codes: ${codes.join(', ')}.`

/** A failure that is expected: data, not an exception. Each kind of failure is a type of its own. */
@InterfaceType({ description: 'A failure that is expected: data, not an error of the request.' })
export abstract class UserError {
  @Field(() => String, { description: 'Stable code, for programs.' })
  code!: string

  @Field(() => String, { description: 'What happened, what it means and what to do, for people.' })
  message!: string

  @Field(() => [String], { nullable: true, description: 'The part of the input it is about.' })
  path?: string[] | null
}
