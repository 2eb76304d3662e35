import { Field, Int, InterfaceType, ObjectType } from 'type-graphql'
import { allow } from '../auth/allow.ts'
import { CallIntent } from '../calls/call.entity.ts'
import { PhoneNumber } from '../calls/phone-number.ts'
import { describeRefusal } from '../errors.ts'
import { Money } from '../money.ts'
import { OrderStatus } from '../orders/order-status.ts'
import { Drink } from './drink.ts'

@InterfaceType({
  description: describeRefusal(
    'What an agent function answers: data for a language model to read.',
    'ADD_ON_NEEDS_TOPPING',
    'BAD_PHONE',
    'CALL_RESUMED',
    'CANCELLED',
    'CART_EMPTY',
    'CART_FULL',
    'FLAVOR_NEEDED',
    'NO_CALLER_ID',
    'NO_NUMBER_LEFT',
    'NO_PENDING_ITEM',
    'NO_SUCH_CALL',
    'NO_SUCH_DRINK',
    'NUMBER_NEEDED',
    'ORDERING_PAUSED',
    'ORDER_CLOSED',
    'ORDER_STARTED',
    'PHONE_NEEDED',
    'REQUEST_REUSED',
    'SOLD_OUT',
    'UNKNOWN_ADD_ON',
    'UNKNOWN_FLAVOR',
    'UNKNOWN_ICE',
    'UNKNOWN_SWEETNESS',
    'UNKNOWN_TOPPING',
  ),
  autoRegisterImplementations: true,
})
export abstract class AgentAnswer {
  @Field(() => Boolean, { description: 'False when nothing was done; `error` then says what to do next.' })
  ok!: boolean

  @Field(() => String, { nullable: true, description: 'A sentence for the model, only when `ok` is false.' })
  error?: string | null

  @Field(() => String, {
    nullable: true,
    description: 'Stable code of the failure, only when `ok` is false.',
  })
  code?: string | null
}

const simple = { implements: AgentAnswer, simpleResolvers: true } as const

@ObjectType({ ...simple, description: 'The menu in a sentence.' })
export class MenuSummaryAnswer extends AgentAnswer {
  @Field(() => String, { nullable: true, description: 'The menu in a few sentences.' })
  summary?: string | null

  @Field(() => [String], {
    nullable: true,
    description: 'Names of everything that can be ordered right now.',
  })
  items?: string[] | null

  @Field(() => String, { nullable: true, description: 'Every price in words.' })
  prices?: string | null
}

@ObjectType({ ...simple, description: 'The staged drink.' })
export class PendingItemAnswer extends AgentAnswer {
  @Field(() => Boolean, { description: 'True when a drink is staged and waits to be confirmed.' })
  staged!: boolean

  @Field(() => Drink, { nullable: true, description: 'The staged drink. It is not in the cart yet.' })
  pendingItem?: Drink | null

  @Field(() => String, { nullable: true, description: 'The drink in words, to be read back.' })
  summary?: string | null
}

@ObjectType({ ...simple, description: 'The drink that went from staged to cart.' })
export class ConfirmAnswer extends AgentAnswer {
  @Field(() => Int, { description: 'How many drinks are in the cart.' })
  cartCount!: number

  @Field(() => Drink, { nullable: true, description: 'The drink now in the cart.' })
  item?: Drink | null

  @Field(() => Money, { description: 'What the cart costs.' })
  cartTotal!: Money
}

@ObjectType({ ...simple, description: 'Whether a staged drink was dropped.' })
export class ClearAnswer extends AgentAnswer {
  @Field(() => Boolean, { description: 'True when there was one.' })
  cleared!: boolean
}

@ObjectType({ ...simple, description: 'The cart.' })
export class CartAnswer extends AgentAnswer {
  @Field(() => [Drink], { description: 'The drinks in the cart, in order; the first has index 0.' })
  items!: Drink[]

  @Field(() => Int, { description: 'How many drinks are in the cart.' })
  cartCount!: number

  @Field(() => Money, { description: 'What the cart costs.' })
  cartTotal!: Money

  @Field(() => Drink, { nullable: true, description: 'The staged drink, not in the cart.' })
  pendingItem?: Drink | null
}

@ObjectType({ ...simple, description: 'The drink taken out of the cart.' })
export class RemoveAnswer extends AgentAnswer {
  @Field(() => Drink, { nullable: true, description: 'The drink that is no longer in the cart.' })
  removed?: Drink | null

  @Field(() => Int, { description: 'How many drinks are left.' })
  cartCount!: number
}

@ObjectType({ ...simple, description: 'A drink in the cart after a change.' })
export class CartItemAnswer extends AgentAnswer {
  @Field(() => Drink, { nullable: true, description: 'The drink as it is now.' })
  item?: Drink | null

  @Field(() => Money, { description: 'What the cart costs.' })
  cartTotal!: Money
}

@ObjectType({ ...simple, description: 'The number texts will go to.' })
export class PhoneAnswer extends AgentAnswer {
  @Field(() => PhoneNumber, { nullable: true, description: 'The number as it was understood.' })
  @allow('orders:pii', 'calls:write')
  phone?: string | null
}

@ObjectType({ ...simple, description: "The call's order." })
export class CheckoutAnswer extends AgentAnswer {
  @Field(() => String, { nullable: true, description: 'Four digits; say them one by one.' })
  orderNumber?: string | null

  @Field(() => [Drink], { nullable: true, description: 'Every drink of the order.' })
  items?: Drink[] | null

  @Field(() => Money, { nullable: true, description: 'What the guest pays at the counter.' })
  total?: Money | null

  @Field(() => PhoneNumber, { nullable: true, description: 'Where the texts go.' })
  @allow('orders:pii', 'calls:write')
  phone?: string | null

  @Field(() => OrderStatus, { nullable: true, description: 'Where the order stands.' })
  status?: OrderStatus | null

  @Field(() => Int, {
    nullable: true,
    description: 'Minutes until it is ready, to be told to the caller; null when no time is promised.',
  })
  waitMinutes?: number | null
}

@ObjectType({ ...simple, description: 'Whether this call has placed its order.' })
export class OrderIsPlacedAnswer extends AgentAnswer {
  @Field(() => Boolean, { description: 'True once checked out.' })
  placed!: boolean

  @Field(() => String, { nullable: true, description: 'Four digits.' })
  orderNumber?: string | null
}

@ObjectType({ ...simple, description: 'How far an order is.' })
export class OrderStatusAnswer extends AgentAnswer {
  @Field(() => Boolean, { description: 'False when no such order is known.' })
  found!: boolean

  @Field(() => String, { nullable: true, description: 'Four digits.' })
  orderNumber?: string | null

  @Field(() => OrderStatus, { nullable: true, description: 'Where it stands.' })
  status?: OrderStatus | null

  @Field(() => Money, { nullable: true, description: 'What it costs.' })
  total?: Money | null
}

@ObjectType({ ...simple, description: 'What was found in free text.' })
export class ExtractAnswer extends AgentAnswer {
  @Field(() => PhoneNumber, { nullable: true, description: 'A phone number.' })
  @allow('orders:pii', 'calls:write')
  phone?: string | null

  @Field(() => String, { nullable: true, description: 'An order number, four digits.' })
  orderNumber?: string | null
}

@ObjectType({ ...simple, description: 'What shall happen once the last words were heard.' })
export class IntentAnswer extends AgentAnswer {
  @Field(() => CallIntent, { description: 'The voice process acts on it after the last words.' })
  intent!: CallIntent
}
