import { Arg, Ctx, Field, ID, InputType, Mutation, Resolver } from 'type-graphql'
import { allow } from '../auth/allow.ts'
import { IntentAnswer, PhoneAnswer } from '../carts/answers.ts'
import { callArg, requestArg } from '../carts/cart.resolver.ts'
import { cancelFunctions } from '../carts/cancel.ts'
import { once } from '../carts/once.ts'
import { refuse } from '../carts/refusal.ts'
import type { Context } from '../context.ts'
import { changePhone } from '../orders/change-phone.ts'
import { type Call, CallIntent } from './call.entity.ts'
import { meansCallerId, phoneOf } from './phone.ts'

@InputType({ description: 'Which agent functions are taken back.' })
class CancelFunctionsInput {
  @Field(() => ID, callArg)
  call!: string

  @Field(() => [ID], { description: "Deepgram's ids of the function calls." })
  requests!: string[]
}

/** The agent functions about the caller: their number, and how the call shall end. */
@Resolver()
export class CallerResolver {
  @allow('calls:write')
  @Mutation(() => PhoneAnswer, { description: 'Normalise and remember the number for texts.' })
  savePhoneNumber(
    @Ctx() context: Context,
    @Arg('call', () => ID, callArg) call: string,
    @Arg('request', () => ID, requestArg) request: string,
    @Arg('phone', () => String, {
      description: 'As the caller said it, or "caller id" for the number they call from.',
    })
    phone: string,
  ): Promise<PhoneAnswer> {
    return once<PhoneAnswer>(
      context,
      'savePhoneNumber',
      { call, request, phone },
      () => ({}),
      async ({ call, tx }) => {
        const number = phoneFor(call, phone)
        if (call.order) await changePhone(tx, call.order, number)
        call.phone = number
        return { phone: number }
      },
    )
  }

  @allow('calls:write')
  @Mutation(() => IntentAnswer, {
    description: 'The conversation is over: hang up after the last words were heard.',
  })
  sayGoodbye(
    @Ctx() context: Context,
    @Arg('call', () => ID, callArg) call: string,
    @Arg('request', () => ID, requestArg) request: string,
  ): Promise<IntentAnswer> {
    return intend(context, 'sayGoodbye', { call, request }, CallIntent.GOODBYE)
  }

  @allow('calls:write')
  @Mutation(() => IntentAnswer, {
    description: 'Put the caller through to the shop after the last words were heard.',
  })
  transferToStaff(
    @Ctx() context: Context,
    @Arg('call', () => ID, callArg) call: string,
    @Arg('request', () => ID, requestArg) request: string,
    @Arg('reason', () => String, { nullable: true, description: 'Why, in a few words, for staff.' })
    reason: string | null,
  ): Promise<IntentAnswer> {
    return intend(context, 'transferToStaff', { call, request, reason }, CallIntent.TRANSFER)
  }

  @allow('calls:write')
  @Mutation(() => [ID], {
    description:
      'Take agent functions back, because the caller went on speaking. Answers the requests whose effect stays: others were told of it, such as a placed order.',
  })
  cancelFunctions(
    @Ctx() context: Context,
    @Arg('input', () => CancelFunctionsInput, { description: 'Which functions.' })
    { call, requests }: CancelFunctionsInput,
  ): Promise<string[]> {
    return cancelFunctions(context, call, requests.slice(0, 20))
  }
}

function intend(
  context: Context,
  name: string,
  args: { call: string; request: string; reason?: string | null },
  intent: CallIntent,
): Promise<IntentAnswer> {
  return once<IntentAnswer>(
    context,
    name,
    args,
    () => ({ intent: CallIntent.TALKING }),
    ({ call }) => {
      call.intent = intent
      call.transferReason = args.reason?.trim().slice(0, 200) || null
      return { intent }
    },
  )
}

/**
 * The number a caller means, E.164.
 * @throws Refusal NO_CALLER_ID, BAD_PHONE
 */
export function phoneFor(call: Call, said: string): string {
  if (meansCallerId(said)) {
    return (
      call.from ?? refuse('NO_CALLER_ID', 'Their number is withheld or cannot be texted. Ask for a number.')
    )
  }
  return (
    phoneOf(said, call.shop.region) ??
    refuse(
      'BAD_PHONE',
      'That is no possible phone number. Ask for it again, area code first, digit by digit.',
    )
  )
}
