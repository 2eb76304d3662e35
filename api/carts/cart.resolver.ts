import { Arg, Ctx, ID, Int, Mutation, Query, Resolver } from 'type-graphql'
import { allow } from '../auth/allow.ts'
import type { Call } from '../calls/call.entity.ts'
import type { Context } from '../context.ts'
import { maxDrinks } from '../menu/levels.ts'
import { money } from '../money.ts'
import { refuseWhenPaused } from '../orders/place-order.ts'
import {
  CartAnswer,
  CartItemAnswer,
  ClearAnswer,
  ConfirmAnswer,
  PendingItemAnswer,
  RemoveAnswer,
} from './answers.ts'
import { Drink, DrinkChangesInput, DrinkInput } from './drink.ts'
import { changeDrink, mixDrink, sumOf } from './mix-drink.ts'
import { look, once } from './once.ts'
import { refuse } from './refusal.ts'

export const callArg = { description: "Twilio's CallSid." }
export const requestArg = {
  description: "Deepgram's id of the function call: the same id has its effect once.",
}

const totalOf = (call: Call | null) => money(sumOf(call?.cart ?? []), call?.shop.currency ?? 'USD')
const noPending = () => ({ staged: false })

/** @throws Refusal CART_FULL when the drinks ordered, in the cart and to come are more than an order holds */
async function roomFor(call: Call): Promise<void> {
  const ordered = call.order ? await call.order.items.loadCount() : 0
  if (ordered + call.cart.length >= maxDrinks) {
    refuse('CART_FULL', 'An order holds ten drinks at most. Ask whether to check out now.')
  }
}

/** @throws Refusal NO_SUCH_DRINK saying how the drinks are counted */
function drinkAt(call: Call, index: number): Drink {
  const drink = call.cart[index]
  if (drink) return drink
  if (call.cart.length === 0) return refuse('CART_EMPTY', 'The cart is empty. Ask what they would like.')
  return refuse(
    'NO_SUCH_DRINK',
    `There is no drink number ${index}: the cart holds ${call.cart.length}, counted from 0. Read the cart back and ask which one.`,
    ['index'],
  )
}

/** Drinks not yet ordered, and their rules. */
@Resolver()
export class CartResolver {
  @allow('calls:write')
  @Mutation(() => PendingItemAnswer, {
    description: 'Stage a drink. It is not in the cart until it is confirmed.',
  })
  addToCart(
    @Ctx() context: Context,
    @Arg('call', () => ID, callArg) call: string,
    @Arg('request', () => ID, requestArg) request: string,
    @Arg('drink', () => DrinkInput, { description: 'The drink as the caller said it.' }) drink: DrinkInput,
  ): Promise<PendingItemAnswer> {
    return once(context, 'addToCart', { call, request, drink }, noPending, async ({ call, menu }) => {
      refuseWhenPaused(call.shop)
      await roomFor(call)
      call.pendingItem = mixDrink(await menu(), drink)
      return { staged: true, pendingItem: call.pendingItem, summary: call.pendingItem.summary }
    })
  }

  @allow('calls:write')
  @Mutation(() => PendingItemAnswer, { description: 'Change the staged drink; what is not given stays.' })
  updatePendingItem(
    @Ctx() context: Context,
    @Arg('call', () => ID, callArg) call: string,
    @Arg('request', () => ID, requestArg) request: string,
    @Arg('changes', () => DrinkChangesInput, { description: 'What changes.' }) changes: DrinkChangesInput,
  ): Promise<PendingItemAnswer> {
    return once(
      context,
      'updatePendingItem',
      { call, request, changes },
      noPending,
      async ({ call, menu }) => {
        const pending =
          call.pendingItem ??
          refuse('NO_PENDING_ITEM', 'No pending drink to change. Stage one with add_to_cart.')
        call.pendingItem = changeDrink(await menu(), pending, changes)
        return { staged: true, pendingItem: call.pendingItem, summary: call.pendingItem.summary }
      },
    )
  }

  @allow('calls:write')
  @Mutation(() => ConfirmAnswer, { description: 'Put the staged drink into the cart.' })
  confirmPendingToCart(
    @Ctx() context: Context,
    @Arg('call', () => ID, callArg) call: string,
    @Arg('request', () => ID, requestArg) request: string,
  ): Promise<ConfirmAnswer> {
    const unchanged = (call: Call | null) => ({ cartCount: call?.cart.length ?? 0, cartTotal: totalOf(call) })
    return once(context, 'confirmPendingToCart', { call, request }, unchanged, async ({ call }) => {
      const item = call.pendingItem ?? refuse('NO_PENDING_ITEM', 'No pending drink to confirm.')
      await roomFor(call)
      confirmPending(call)
      return { cartCount: call.cart.length, item, cartTotal: totalOf(call) }
    })
  }

  @allow('calls:write')
  @Mutation(() => ClearAnswer, { description: 'Drop the staged drink.' })
  clearPendingItem(
    @Ctx() context: Context,
    @Arg('call', () => ID, callArg) call: string,
    @Arg('request', () => ID, requestArg) request: string,
  ): Promise<ClearAnswer> {
    return once(
      context,
      'clearPendingItem',
      { call, request },
      () => ({ cleared: false }),
      ({ call }) => {
        const cleared = call.pendingItem !== null
        call.pendingItem = null
        return { cleared }
      },
    )
  }

  @allow('calls:write')
  @Query(() => CartAnswer, { description: 'Read the cart back.' })
  cart(@Ctx() context: Context, @Arg('call', () => ID, callArg) call: string): Promise<CartAnswer> {
    const empty = { items: [], cartCount: 0, cartTotal: totalOf(null) }
    return look(context, call, empty, call => ({
      items: call.cart,
      cartCount: call.cart.length,
      cartTotal: totalOf(call),
      pendingItem: call.pendingItem,
    }))
  }

  @allow('calls:write')
  @Mutation(() => RemoveAnswer, { description: 'Take a drink out of the cart again.' })
  removeFromCart(
    @Ctx() context: Context,
    @Arg('call', () => ID, callArg) call: string,
    @Arg('request', () => ID, requestArg) request: string,
    @Arg('index', () => Int, { description: 'Which drink, counted from 0.' }) index: number,
  ): Promise<RemoveAnswer> {
    const unchanged = (call: Call | null) => ({ cartCount: call?.cart.length ?? 0 })
    return once(context, 'removeFromCart', { call, request, index }, unchanged, ({ call }) => {
      const removed = drinkAt(call, index)
      call.cart = call.cart.filter(drink => drink !== removed)
      return { removed, cartCount: call.cart.length }
    })
  }

  @allow('calls:write')
  @Mutation(() => CartItemAnswer, { description: 'Change a drink in the cart; what is not given stays.' })
  modifyCartItem(
    @Ctx() context: Context,
    @Arg('call', () => ID, callArg) call: string,
    @Arg('request', () => ID, requestArg) request: string,
    @Arg('index', () => Int, { description: 'Which drink, counted from 0.' }) index: number,
    @Arg('changes', () => DrinkChangesInput, { description: 'What changes.' }) changes: DrinkChangesInput,
  ): Promise<CartItemAnswer> {
    return changeInCart(context, 'modifyCartItem', { call, request, index, changes })
  }

  @allow('calls:write')
  @Mutation(() => CartItemAnswer, {
    description: 'Set sweetness and ice of a drink in the cart, the last one if no index is given.',
  })
  setSweetnessIce(
    @Ctx() context: Context,
    @Arg('call', () => ID, callArg) call: string,
    @Arg('request', () => ID, requestArg) request: string,
    @Arg('index', () => Int, {
      nullable: true,
      description: 'Which drink, counted from 0; the last if omitted.',
    })
    index: number | null,
    @Arg('sweetness', () => String, { nullable: true, description: 'Stays as it is if omitted.' })
    sweetness: string | null,
    @Arg('ice', () => String, { nullable: true, description: 'Stays as it is if omitted.' })
    ice: string | null,
  ): Promise<CartItemAnswer> {
    return changeInCart(context, 'setSweetnessIce', { call, request, index, changes: { sweetness, ice } })
  }
}

/** The staged drink goes into the cart, when there is one. */
export function confirmPending(call: Call): void {
  if (!call.pendingItem) return
  call.cart = [...call.cart, call.pendingItem]
  call.pendingItem = null
}

function changeInCart(
  context: Context,
  name: string,
  args: { call: string; request: string; index?: number | null; changes: DrinkChangesInput },
): Promise<CartItemAnswer> {
  const unchanged = (call: Call | null) => ({ cartTotal: totalOf(call) })
  return once(context, name, args, unchanged, async ({ call, menu }) => {
    if (args.index == null && call.cart.length === 0 && call.pendingItem) {
      call.pendingItem = changeDrink(await menu(), call.pendingItem, args.changes)
      return { item: call.pendingItem, cartTotal: totalOf(call) }
    }
    const index = args.index ?? Math.max(0, call.cart.length - 1)
    const item = changeDrink(await menu(), drinkAt(call, index), args.changes)
    call.cart = call.cart.with(index, item)
    return { item, cartTotal: totalOf(call) }
  })
}
