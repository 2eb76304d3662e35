import { Field, ID, InterfaceType } from 'type-graphql'

/** Whatever can be read anew by its id alone (Relay's global object identification). */
@InterfaceType({ description: 'Whatever can be read anew by its id alone.' })
export abstract class Node {
  @Field(() => ID, { description: 'Opaque id, unique among all types.' })
  id!: string
}
