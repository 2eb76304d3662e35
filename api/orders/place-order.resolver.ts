import { createHash } from 'node:crypto'
import { UniqueConstraintViolationException } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/sql'
import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js'
import {
  Arg,
  createUnionType,
  Ctx,
  Field,
  FieldResolver,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Resolver,
  Root,
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
import { plain } from '../menu/words.ts'
import { Money, money } from '../money.ts'
import { Shop } from '../shops/shop.entity.ts'
import { unprintable } from '../unprintable.ts'
import { shopOf } from '../shops/shop-of.ts'
import { Order, OrderSource } from './order.entity.ts'
import { boardStatuses } from './order-status.ts'
import { inMinutes, longestName, type NewOrder, placeOrder, refuseWhenPaused } from './place-order.ts'

@InputType({ description: 'An order from another program.' })
class PlaceOrderInput {
  @Field(() => ID, { nullable: true, description: 'The only shop if omitted.' })
  shop?: string | null

  @Field(() => [DrinkInput], { description: 'One to ten drinks.' })
  drinks!: DrinkInput[]

  @Field(() => PhoneNumber, { description: 'Where the texts go.' })
  phone!: string

  @Field(() => String, {
    nullable: true,
    description: `The guest's name, up to ${longestName} characters without line breaks. Blank is none.`,
  })
  name?: string | null
}

@ObjectType({ description: 'The order stands.', simpleResolvers: true })
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

  @Field(() => Int, {
    description:
      'Minutes until it would be ready: what is to be made before it, its own drinks, and the delay.',
  })
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
    'BAD_NAME',
    'BAD_PHONE',
    'FLAVOR_NEEDED',
    'IDEMPOTENCY_KEY_REUSED',
    'NAMED_TWICE',
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
  simpleResolvers: true,
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
@Resolver(() => PlacedOrder)
export class PlaceOrderResolver {
  @FieldResolver(() => Int, {
    description:
      'Minutes until it is ready, reckoned as in an OrderQuote; 0 when nobody is making it, as it may be with a replayed one.',
  })
  async waitMinutes(@Ctx() { waits }: Context, @Root() { order }: PlacedOrder): Promise<number> {
    return boardStatuses.includes(order.status) ? waits.until(order) : 0
  }

  @FieldResolver(() => Date, {
    description: 'When it is ready by these minutes. When nobody is making it: since when that is so.',
  })
  async readyAt(@Ctx() context: Context, @Root() placed: PlacedOrder): Promise<Date> {
    const minutes = await this.waitMinutes(context, placed)
    return minutes > 0 ? inMinutes(minutes) : (placed.order.readyAt ?? placed.order.updatedAt)
  }

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
        'Up to 100 characters of your choice, one for each order you mean, with nothing personal in them; safe to repeat after a time-out, until the data of the guest are erased.',
    })
    idempotencyKey: string,
    @Arg('validateOnly', () => Boolean, {
      defaultValue: false,
      description: 'True to be answered with an OrderQuote or a refusal, without ordering anything.',
    })
    validateOnly: boolean,
  ): Promise<PlacedOrder | OrderQuote | PlaceOrderRefused> {
    try {
      checkKey(idempotencyKey)
      if (validateOnly) return await quote(context, input)
      return await placeOnce(context, input, idempotencyKey)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const { code, message, path } = error
      return Object.assign(new PlaceOrderRefused(), { code, message, path })
    }
  }
}

/** @throws Refusal BAD_IDEMPOTENCY_KEY */
function checkKey(key: string): void {
  if (key.trim() === '' || [...key].length > 100) {
    refuse('BAD_IDEMPOTENCY_KEY', 'Give an idempotencyKey of 1 to 100 characters, new for each order.', [
      'idempotencyKey',
    ])
  }
}

/** @throws Refusal as `readInput` */
async function quote({ em, waits }: Context, input: PlaceOrderInput): Promise<OrderQuote> {
  const shop = await shopFor(em, input)
  const { drinks } = await readInput(em, shop, input)
  refuseWhenPaused(shop)
  const waitMinutes = await waits.of(shop.id, drinks.length)
  return {
    drinks,
    total: money(sumOf(drinks), shop.currency),
    waitMinutes,
    readyAt: inMinutes(waitMinutes),
  }
}

async function placeOnce(context: Context, input: PlaceOrderInput, key: string): Promise<PlacedOrder> {
  try {
    return await place(context, input, key)
  } catch (error) {
    if (!(error instanceof UniqueConstraintViolationException)) throw error
    // Two requests with the same key at the same moment: the other one has placed it.
    return place({ ...context, em: context.em.fork() }, input, key)
  }
}

async function place(
  { em, log, viewer }: Context,
  input: PlaceOrderInput,
  key: string,
): Promise<PlacedOrder> {
  const placedBy = viewer.kind === 'STAFF' ? 'staff' : viewer.id!
  return log.change(em, async tx => {
    const shop = await shopFor(tx.em, input)
    const inputHash = hashOf(shop, input)
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
      ...(await readInput(tx.em, shop, input)),
      source: OrderSource.API,
      idempotency: { placedBy, key, inputHash },
    })
    return Object.assign(new PlacedOrder(), { order, replayed: false })
  })
}

/** @throws Refusal SHOP_NOT_FOUND */
async function shopFor(em: EntityManager, { shop }: PlaceOrderInput): Promise<Shop> {
  return (
    (shop == null ? await shopOf(em) : await em.findOne(Shop, shop)) ??
    refuse('SHOP_NOT_FOUND', 'There is no such shop. Leave it out to order at the only one.', [
      'input',
      'shop',
    ])
  )
}

/**
 * The same for whatever says the same: a program that tries again may write a phone number in another way, or null for
 * what it left out. The menu is not asked, since it may have changed in between.
 */
function hashOf(shop: Shop, { drinks, name, phone }: PlaceOrderInput): string {
  const words = (said: string[] | null | undefined) => (said ?? []).map(plain).toSorted()
  const normal = {
    shop: shop.id,
    phone: phoneIn(phone, shop) ?? phone,
    name: nameIn(name),
    drinks: drinks.map(({ flavor, toppings, addOns, sweetness, ice }) => ({
      flavor: plain(flavor),
      toppings: words(toppings),
      addOns: words(addOns),
      sweetness: plain(sweetness ?? ''),
      ice: plain(ice ?? ''),
    })),
  }
  return createHash('sha256').update(JSON.stringify(normal)).digest('hex')
}

/** E.164 of a number as it is written. Number words and words around one are for calls, where they are read back. */
function phoneIn(text: string, { region }: Shop): string | undefined {
  const written = { defaultCountry: region as CountryCode, extract: false }
  return parsePhoneNumberFromString(text, written) && phoneOf(text, region)
}

const nameIn = (name: string | null | undefined): string | null => name?.trim() || null

/**
 * Understands an order by the live menu.
 * @throws Refusal with the path of what is wrong
 */
async function readInput(
  em: EntityManager,
  shop: Shop,
  input: PlaceOrderInput,
): Promise<Pick<NewOrder, 'shop' | 'drinks' | 'phone' | 'name'>> {
  const menu = await Menu.of(em, shop)
  if (input.drinks.length === 0) refuse('NO_DRINKS', 'Order at least one drink.', ['input', 'drinks'])
  if (input.drinks.length > maxDrinks) {
    refuse('TOO_MANY_DRINKS', `An order holds ${maxDrinks} drinks at most. Place two orders.`, [
      'input',
      'drinks',
    ])
  }
  const phone =
    phoneIn(input.phone, shop) ??
    refuse('BAD_PHONE', 'That is no possible phone number. Send E.164, e.g. +15551234567.', [
      'input',
      'phone',
    ])
  const name = nameIn(input.name)
  if (name && unprintable.test(name)) {
    refuse(
      'BAD_NAME',
      'That name holds line breaks or other characters that steer how text is shown. It is printed on labels: leave them out.',
      ['input', 'name'],
    )
  }
  if (name && [...name].length > longestName) {
    refuse('NAME_TOO_LONG', `A name has ${longestName} characters at most. Send a shorter one.`, [
      'input',
      'name',
    ])
  }
  const drinks = input.drinks.map((drink, index) => {
    try {
      // A program is told what was not understood: nobody reads the drink back to the guest.
      return mixDrink(menu, drink, { spoken: false })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return refuse(error.code, error.message, ['input', 'drinks', String(index), ...(error.path ?? [])])
    }
  })
  return { shop, drinks, phone, name }
}
