import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/sql'
import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql'
import { allow } from '../auth/allow.ts'
import type { Call } from '../calls/call.entity.ts'
import { phoneOf } from '../calls/phone.ts'
import { CheckoutAnswer, ExtractAnswer, OrderIsPlacedAnswer, OrderStatusAnswer } from '../carts/answers.ts'
import { callArg, confirmPending, requestArg } from '../carts/cart.resolver.ts'
import type { Drink } from '../carts/drink.ts'
import { describe, mixDrink } from '../carts/mix-drink.ts'
import { look, once, type Running } from '../carts/once.ts'
import { refuse } from '../carts/refusal.ts'
import type { Context } from '../context.ts'
import { EventType } from '../events/event.entity.ts'
import { maxDrinks } from '../menu/levels.ts'
import { phoneFor } from '../calls/caller.resolver.ts'
import { changePhone } from './change-phone.ts'
import { Order, OrderSource } from './order.entity.ts'
import type { OrderItem } from './order-item.entity.ts'
import { OrderStatus } from './order-status.ts'
import { addDrinks, longestName, placeOrder } from './place-order.ts'

/** The agent functions in which a cart becomes an order, and that ask about orders. */
@Resolver()
export class CheckoutResolver {
  @allow('calls:write')
  @Mutation(() => CheckoutAnswer, {
    description: 'Order what is in the cart; a staged drink is confirmed first. One call has one order.',
  })
  checkoutOrder(
    @Ctx() context: Context,
    @Arg('call', () => ID, callArg) call: string,
    @Arg('request', () => ID, requestArg) request: string,
    @Arg('phone', () => String, {
      nullable: true,
      description: 'Where texts go; the saved number if omitted.',
    })
    phone: string | null,
    @Arg('name', () => String, { nullable: true, description: "The guest's name." }) name: string | null,
  ): Promise<CheckoutAnswer> {
    const args = { call, request, phone, name: name?.trim().slice(0, longestName) || null }
    return once<CheckoutAnswer>(
      context,
      'checkoutOrder',
      args,
      () => ({}),
      async running => {
        const { call, tx } = running
        // The order is settled before the call's own fields change: a refusal must leave nothing behind.
        const number = phone ? phoneFor(call, phone) : (call.phone ?? call.order?.phone)
        const drinks = call.pendingItem ? [...call.cart, call.pendingItem] : call.cart
        const order = call.order
          ? await joinOrder(running, call.order, drinks)
          : await newOrder(running, drinks, number, args.name)
        if (number) {
          await changePhone(tx, order, number)
          call.phone = number
        }
        confirmPending(call)
        call.cart = []
        await tx.em.flush()
        return {
          orderNumber: order.number,
          items: order.items.getItems().map(drinkOf),
          total: order.total,
          phone: order.phone,
          status: order.status,
          waitMinutes: minutesUntil(order.promisedAt),
        }
      },
    )
  }

  @allow('calls:write')
  @Query(() => OrderIsPlacedAnswer, { description: 'Whether this call has placed its order.' })
  orderIsPlaced(
    @Ctx() context: Context,
    @Arg('call', () => ID, callArg) call: string,
  ): Promise<OrderIsPlacedAnswer> {
    return look<OrderIsPlacedAnswer>(context, call, { placed: false }, ({ order }) => ({
      placed: order !== null,
      orderNumber: order?.number ?? null,
    }))
  }

  @allow('calls:write')
  @Query(() => OrderStatusAnswer, { description: 'How far an order is, by phone or by number.' })
  orderStatus(
    @Ctx() context: Context,
    @Arg('call', () => ID, callArg) call: string,
    @Arg('phone', () => String, { nullable: true, description: 'The number it was placed with.' })
    phone: string | null,
    @Arg('number', () => String, { nullable: true, description: 'Its four digits.' }) number: string | null,
  ): Promise<OrderStatusAnswer> {
    // Who learns whether a number has ordered has read it.
    if (phone != null) context.piiReads.note('Query', 'orderStatus', null)
    return look<OrderStatusAnswer>(context, call, { found: false }, async call => {
      const order = await findOrder(context.em, call, phone, number)
      return { found: order !== null, orderNumber: order?.number, status: order?.status, total: order?.total }
    })
  }

  @allow('calls:write')
  @Query(() => ExtractAnswer, { description: 'Find a phone number and an order number in free text.' })
  extractPhoneAndOrder(
    @Ctx() context: Context,
    @Arg('call', () => ID, callArg) call: string,
    @Arg('text', () => String, { description: 'What the caller said.' }) text: string,
  ): Promise<ExtractAnswer> {
    return look<ExtractAnswer>(context, call, {}, ({ shop }) => extract(text, shop.region))
  }
}

/** Whole minutes until a time, at least one; null for none. */
function minutesUntil(at: Date | null): number | null {
  return at && Math.max(1, Math.ceil((at.getTime() - Date.now()) / 60_000))
}

/**
 * Numbers of four digits are order numbers, longer ones phone numbers; digits may be spoken apart. A comma may part two
 * numbers or two digits of one, so what is no number as a whole is looked at part by part.
 */
function extract(text: string, region: string): { phone: string | null; orderNumber: string | null } {
  const isPhone = (run: string) => phoneOf(run, region) !== undefined
  const isOrder = (run: string) => run.replace(/\D/g, '').length === 4
  const runs = [...text.slice(0, 500).matchAll(/\+?\d(?:[\s().,-]{0,2}\d)*/g)].flatMap(([run]) =>
    isPhone(run) || isOrder(run) ? [run] : run.split(','),
  )
  const phone = runs.find(isPhone) ?? text
  return {
    phone: phoneOf(phone, region) ?? null,
    orderNumber: runs.find(isOrder)?.replace(/\D/g, '') ?? null,
  }
}

async function findOrder(
  em: EntityManager,
  call: Call,
  phone: string | null,
  number: string | null,
): Promise<Order | null> {
  const digits = number?.replace(/\D/g, '')
  if (digits)
    return em.findOne(Order, { shop: call.shop, number: digits }, { orderBy: { createdAt: 'desc' } })
  if (!phone) {
    return (
      call.order ??
      refuse('NUMBER_NEEDED', 'Which order? Ask for the order number or the phone number it was placed with.')
    )
  }
  const wanted = phoneFor(call, phone)
  return em.findOne(Order, { shop: call.shop, phone: wanted }, { orderBy: { createdAt: 'desc' } })
}

async function newOrder(
  { call, menu, tx }: Running,
  drinks: Drink[],
  phone: string | null | undefined,
  name: string | null,
): Promise<Order> {
  if (drinks.length === 0) refuse('CART_EMPTY', 'The cart is empty. Ask what they would like.')
  if (!phone) {
    refuse(
      'PHONE_NEEDED',
      'A phone number is needed for the texts. Ask for it, read it back, and save it with save_phone_number.',
    )
  }
  // What was on the menu when it was staged may have sold out since. The price stays as the caller heard it.
  const offer = await menu()
  for (const drink of drinks) mixDrink(offer, drink)
  const order = await placeOrder(tx, {
    shop: call.shop,
    drinks,
    phone,
    name,
    source: OrderSource.PHONE,
    call,
  })
  call.order = order
  return order
}

/** Drinks confirmed after checkout join the order as long as nobody has started on it. */
async function joinOrder({ menu, tx }: Running, { id }: Order, drinks: Drink[]): Promise<Order> {
  // Locked, so that nobody starts on it in between.
  const order = await tx.em.findOneOrFail(Order, id, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
  await order.items.init()
  if (drinks.length === 0) return order
  if (order.status !== OrderStatus.RECEIVED) {
    refuse(
      'ORDER_STARTED',
      `Order ${order.number} is already being made, so nothing can be added. Tell the caller to order at the counter.`,
    )
  }
  if (order.items.length + drinks.length > maxDrinks) {
    refuse(
      'CART_FULL',
      'An order holds ten drinks at most. Say which drinks are in it and leave the last one out.',
    )
  }
  const offer = await menu()
  for (const drink of drinks) mixDrink(offer, drink)
  addDrinks(tx.em, order, drinks)
  order.changedAt = new Date()
  order.seenAt = null
  await tx.append(order.shop.id, { type: EventType.ORDER_UPDATED, order: order.id, data: order.public })
  return order
}

function drinkOf({ flavor, toppings, addOns, sweetness, ice, price }: OrderItem): Drink {
  const drink = { flavor, toppings, addOns, sweetness, ice, price }
  return { ...drink, summary: describe(drink) }
}
