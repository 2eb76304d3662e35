import { OptionalProps } from '@mikro-orm/core'
import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy'
import { Field, ID, Int, ObjectType } from 'type-graphql'
import { newId } from '../ids.ts'
import { Node } from '../node.ts'

/** That an API key has read what is personal: who, when and whose, never what. */
@Entity()
@Index({ properties: ['at'] })
@Index({ properties: ['apiKey', 'at'] })
@ObjectType({
  implements: Node,
  description:
    'That an API key has read phone numbers, names or words of guests: who, when and whose, never what.',
  simpleResolvers: true,
})
export class PiiRead implements Node {
  [OptionalProps]?: 'id' | 'at'

  @PrimaryKey({ type: 'string' })
  @Field(() => ID, { description: 'Opaque id.' })
  id: string = newId('read')

  @Property({ type: 'Date' })
  @Field(() => Date, { description: 'When they were read.' })
  at: Date = new Date()

  @Property({ type: 'string' })
  @Field(() => ID, { description: 'Opaque id of the API key that read them.' })
  apiKey!: string

  @Property({ type: 'json' })
  @Field(() => [String], { description: 'What was read, e.g. "Order.phone".' })
  fields!: string[]

  @Property({ type: 'json' })
  @Field(() => [ID], { description: 'Opaque ids of the orders it was read of, the first hundred.' })
  orders!: string[]

  @Property({ type: 'json' })
  @Field(() => [ID], { description: 'CallSids of the calls it was read of, the first hundred.' })
  calls!: string[]

  @Property({ type: 'integer' })
  @Field(() => Int, { description: 'How many values were read.' })
  count!: number
}
