import { createHash } from 'node:crypto'
import { UniqueConstraintViolationException } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/sql'
import {
  Arg,
  createUnionType,
  Ctx,
  Field,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Resolver,
} from 'type-graphql'
import { allow } from '../auth/allow.ts'
import { PhoneNumber } from '../calls/phone-number.ts'
import { phoneOf } from '../calls/phone.ts'
import { Drink, DrinkInput } from '../carts/drink.ts'
import { mixDrink, sumOf } from '../carts/mix-drink.ts'
import { Refusal, refuse } from '../carts/refusal.ts'
import type { Context } from '../context.ts'
import { describeRefusal, UserError } from '../errors.ts'
import { maxDrinks } from '../menu/levels.ts'
import { Menu } from '../menu/menu.ts'
import { Money, money } from '../money.ts'
import { Shop } from '../shops/shop.entity.ts'
import { shopOf } from '../shops/shop-of.ts'
import { Order, OrderSource } from './order.entity.ts'
import { longestName, placeOrder, refuseWhenPaused } from './place-order.ts'

@InputType({ description: 'An order from another program.' })
class PlaceOrderInput {
  @Field(() => ID, { nullable: true, description: 'The only shop if omitted.' })
  shop?: string | null

  @Field(() => [DrinkInput], { description: 'One to ten drinks.' })
  drinks!: DrinkInput[]

  @Field(() => PhoneNumber, { description: 'Where the texts go.' })
  phone!: string

  @Field(() => String, { nullable: true, description: "The guest's name." })
  name?: string | null
}

@ObjectType({ description: 'The order stands.' })
class PlacedOrder {
  @Field(() => Order, { description: 'The order.' })
  order!: Order

  @Field(() => Boolean, { description: 'True when it had been placed before with the same idempotency key.' })
  replayed!: boolean
}

@ObjectType({
  description: 'What the order would be if it were placed now. Nothing is ordered or kept.',
  simpleResolvers: true,
})
class OrderQuote {
  @Field(() => [Drink], { description: 'The drinks as the menu knows them, each with its price.' })
  drinks!: Drink[]

  @Field(() => Money, { description: 'What the guest would pay.' })
  total!: Money

  @Field(() => Int, { description: 'Minutes until it would be ready.' })
  waitMinutes!: number

  @Field(() => Date, { description: 'When it would be ready.' })
  readyAt!: Date
}

@ObjectType({
  implements: UserError,
  description: describeRefusal(
    'Nothing was ordered.',
    'ADD_ON_NEEDS_TOPPING',
    'BAD_IDEMPOTENCY_KEY',
    'BAD_PHONE',
    'FLAVOR_NEEDED',
    'IDEMPOTENCY_KEY_REUSED',
    'NAME_TOO_LONG',
    'NO_DRINKS',
    'NO_NUMBER_LEFT',
    'ORDERING_PAUSED',
    'SHOP_NOT_FOUND',
    'SOLD_OUT',
    'TOO_MANY_DRINKS',
    'UNKNOWN_ADD_ON',
    'UNKNOWN_FLAVOR',
    'UNKNOWN_ICE',
    'UNKNOWN_SWEETNESS',
    'UNKNOWN_TOPPING',
  ),
})
class PlaceOrderRefused extends UserError {}

const PlaceOrderResult = createUnionType({
  name: 'PlaceOrderResult',
  description: 'The order, what it would be, or why there is none.',
  types: () => [PlacedOrder, OrderQuote, PlaceOrderRefused] as const,
  resolveType: value => {
    if ('order' in value) return PlacedOrder
    return 'drinks' in value ? OrderQuote : PlaceOrderRefused
  },
})

/** Orders placed by integrators. */
@Resolver()
export class PlaceOrderResolver {
  @allow('orders:write')
  @Mutation(() => PlaceOrderResult, {
    description:
      'Place an order with the same rules and prices as on the phone. The same key places it once.',
  })
  async placeOrder(
    @Ctx() context: Context,
    @Arg('input', () => PlaceOrderInput, { description: 'The order.' }) input: PlaceOrderInput,
    @Arg('idempotencyKey', () => String, {
      description:
        'Up to 100 characters of your choice, one for each order you mean, with nothing personal in them; safe to repeat after a time-out.',
    })
    idempotencyKey: string,
    @Arg('validateOnly', () => Boolean, {
      defaultValue: false,
      description: 'True to be answered with an OrderQuote or a refusal, without ordering anything.',
    })
    validateOnly: boolean,
  ): Promise<PlacedOrder | OrderQuote | PlaceOrderRefused> {
    try {
      if (validateOnly) return await quote(context, input)
      return await place(context, input, idempotencyKey)
    } catch (error) {
      if (error instanceof Refusal) {
        const { code, message, path } = error
        return Object.assign(new PlaceOrderRefused(), { code, message, path })
      }
      // Two requests with the same key at the same moment: the other one has placed it.
      if (error instanceof UniqueConstraintViolationException)
        return place({ ...context, em: context.em.fork() }, input, idempotencyKey)
      throw error
    }
  }
}

/** @throws Refusal as `readInput` */
async function quote({ em, waits }: Context, input: PlaceOrderInput): Promise<OrderQuote> {
  const { shop, drinks } = await readInput(em, input)
  refuseWhenPaused(shop)
  const waitMinutes = await waits.of(shop.id)
  return {
    drinks,
    total: money(sumOf(drinks), shop.currency),
    waitMinutes,
    readyAt: new Date(Date.now() + waitMinutes * 60_000),
  }
}

async function place(
  { em, log, viewer }: Context,
  input: PlaceOrderInput,
  key: string,
): Promise<PlacedOrder> {
  if (key.trim() === '' || key.length > 100) {
    refuse('BAD_IDEMPOTENCY_KEY', 'Give an idempotencyKey of 1 to 100 characters, new for each order.', [
      'idempotencyKey',
    ])
  }
  const placedBy = viewer.kind === 'STAFF' ? 'staff' : viewer.id!
  const inputHash = createHash('sha256').update(JSON.stringify(input)).digest('hex')
  return log.change(em, async tx => {
    const known = await tx.em.findOne(Order, { placedBy, idempotencyKey: key })
    if (known) {
      if (known.inputHash === inputHash)
        return Object.assign(new PlacedOrder(), { order: known, replayed: true })
      refuse(
        'IDEMPOTENCY_KEY_REUSED',
        'This idempotencyKey has placed another order. Use a new key for each order.',
        ['idempotencyKey'],
      )
    }
    const order = await placeOrder(tx, {
      ...(await readInput(tx.em, input)),
      name: input.name,
      source: OrderSource.API,
      idempotency: { placedBy, key, inputHash },
    })
    return Object.assign(new PlacedOrder(), { order, replayed: false })
  })
}

/**
 * Understands an order by the live menu.
 * @throws Refusal with the path of what is wrong
 */
async function readInput(
  em: EntityManager,
  input: PlaceOrderInput,
): Promise<{ shop: Shop; drinks: Drink[]; phone: string }> {
  const shop =
    (input.shop == null ? await shopOf(em) : await em.findOne(Shop, input.shop)) ??
    refuse('SHOP_NOT_FOUND', 'There is no such shop. Leave it out to order at the only one.', [
      'input',
      'shop',
    ])
  const menu = await Menu.of(em, shop)
  if (input.drinks.length === 0) refuse('NO_DRINKS', 'Order at least one drink.', ['input', 'drinks'])
  if (input.drinks.length > maxDrinks) {
    refuse('TOO_MANY_DRINKS', `An order holds ${maxDrinks} drinks at most. Place two orders.`, [
      'input',
      'drinks',
    ])
  }
  const phone =
    phoneOf(input.phone, shop.region) ??
    refuse('BAD_PHONE', 'That is no possible phone number. Send E.164, e.g. +15551234567.', [
      'input',
      'phone',
    ])
  if (input.name && input.name.length > longestName) {
    refuse('NAME_TOO_LONG', `A name has ${longestName} characters at most. Send a shorter one.`, [
      'input',
      'name',
    ])
  }
  const drinks = input.drinks.map((drink, index) => {
    try {
      return mixDrink(menu, drink)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return refuse(error.code, error.message, ['input', 'drinks', String(index), ...(error.path ?? [])])
    }
  })
  return { shop, drinks, phone }
}
