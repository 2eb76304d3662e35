import { Field, InputType, ObjectType } from 'type-graphql'
import { Money } from '../money.ts'

/** A drink as it is staged or lies in a cart, with the price the caller was told. Stored as JSON. */
@ObjectType({
  description: 'A drink as it is staged or lies in a cart, with the price the caller was told.',
  simpleResolvers: true,
})
export class Drink {
  @Field(() => String, { description: 'The base drink.' })
  flavor!: string

  @Field(() => [String], { description: 'What goes into it.' })
  toppings!: string[]

  @Field(() => [String], { description: 'What goes on top.' })
  addOns!: string[]

  @Field(() => String, { description: 'One of the menu\'s sweetness levels, e.g. "50%".' })
  sweetness!: string

  @Field(() => String, { description: 'One of the menu\'s ice levels, e.g. "regular ice".' })
  ice!: string

  @Field(() => Money, { description: 'Price of this drink with everything in it.' })
  price!: Money

  @Field(() => String, { description: 'The drink in words, to be read back.' })
  summary!: string
}

/** A drink as somebody asks for it: any words the menu knows. */
@InputType({ description: 'A drink as somebody asks for it: names, aliases, plurals, any case.' })
export class DrinkInput {
  @Field(() => String, { description: 'The base drink.' })
  flavor!: string

  @Field(() => [String], { nullable: true, description: 'What goes into it, each once; nothing if omitted.' })
  toppings?: string[] | null

  @Field(() => [String], { nullable: true, description: 'What goes on top, each once; nothing if omitted.' })
  addOns?: string[] | null

  @Field(() => String, { nullable: true, description: "The menu's default if omitted." })
  sweetness?: string | null

  @Field(() => String, { nullable: true, description: "The menu's default if omitted." })
  ice?: string | null
}

/** Only the fields given change; an empty list takes all toppings or add-ons away. */
@InputType({ description: 'Only the fields given change; an empty list takes all toppings or add-ons away.' })
export class DrinkChangesInput {
  @Field(() => String, { nullable: true, description: 'Another base drink.' })
  flavor?: string | null

  @Field(() => [String], { nullable: true, description: 'All the toppings it shall have.' })
  toppings?: string[] | null

  @Field(() => [String], { nullable: true, description: 'All the add-ons it shall have.' })
  addOns?: string[] | null

  @Field(() => String, { nullable: true, description: 'Another sweetness.' })
  sweetness?: string | null

  @Field(() => String, { nullable: true, description: 'Another amount of ice.' })
  ice?: string | null
}
