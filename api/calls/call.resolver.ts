import { LockMode } from '@mikro-orm/core'
import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql'
import { allow } from '../auth/allow.ts'
import { afterArg, badInput, connectionOf, firstArg, paginate } from '../connection.ts'
import type { Context } from '../context.ts'
import { sumOf } from '../carts/mix-drink.ts'
import { longList, rows } from '../limits/limits.ts'
import { Menu } from '../menu/menu.ts'
import { Money, money } from '../money.ts'
import { Shop } from '../shops/shop.entity.ts'
import { shopOf } from '../shops/shop-of.ts'
import { Call, CallEndReason, CallIntent } from './call.entity.ts'
import { CallMetrics } from './call-metrics.ts'
import { FunctionCall } from './function-call.entity.ts'
import { droppedCall } from './draft.ts'
import { callerIdOf } from './phone.ts'
import { Said, SaidInput } from './said.ts'

/** Entries of a transcript, and characters of one: far more than a call has, so that a fault cannot fill the disk. */
const longestTranscript = 1_000
const longestWords = 2_000

@ObjectType({ description: 'A page of calls, newest first.', simpleResolvers: true })
class CallConnection extends connectionOf(Call, 'calls') {}

@InputType({ description: 'A call that comes in, as Twilio tells it.' })
class StartCallInput {
  @Field(() => ID, { description: "Twilio's CallSid." })
  callSid!: string

  @Field(() => String, {
    nullable: true,
    description: 'Caller ID as Twilio gives it; may be withheld or no number.',
  })
  from?: string | null

  @Field(() => String, { nullable: true, description: 'The number that was called; tells which shop.' })
  to?: string | null
}

@InputType({ description: 'How a call ended.' })
class EndCallInput {
  @Field(() => ID, { description: "Twilio's CallSid." })
  call!: string

  @Field(() => CallEndReason, { description: 'Why it ended.' })
  reason!: CallEndReason

  @Field(() => CallMetrics, { nullable: true, description: 'How well it went.' })
  metrics?: CallMetrics | null
}

@InputType({ description: 'What was said on a call, from a certain place on.' })
class RecordWordsInput {
  @Field(() => ID, { description: "Twilio's CallSid." })
  call!: string

  @Field(() => Int, { description: 'How many words were written down before these.' })
  from!: number

  @Field(() => [SaidInput], { description: 'What was said, in order.' })
  said!: SaidInput[]
}

@InputType({ description: 'Which calls; every condition given must hold.' })
class CallFilter {
  @Field(() => Date, { nullable: true, description: 'That began at or after this time.' })
  startedAfter?: Date | null

  @Field(() => Date, { nullable: true, description: 'That began before this time.' })
  startedBefore?: Date | null
}

@ObjectType('LiveCalls', { description: 'Who is on the line.', simpleResolvers: true })
class OnTheLine {
  @Field(() => Date, { description: 'When this was read.' })
  at!: Date

  @Field(() => [Call], { description: 'The calls that go on, oldest first.' })
  calls!: Call[]
}

async function* toldOf(pictures: AsyncGenerator<Call[], void>): AsyncGenerator<OnTheLine> {
  for await (const calls of pictures) yield { at: new Date(), calls }
}

/** Digits of a number that staff see of a caller. */
const shownDigits = 4

const populate = ['shop', 'order', 'resumes', 'resumedBy'] as const

/** Phone calls, as the voice process reports them. */
@Resolver(() => Call)
export class CallResolver {
  @allow('calls:read')
  @Query(() => CallConnection, { description: 'Calls, newest first.' })
  async calls(
    @Ctx() { em }: Context,
    @Arg('first', () => Int, firstArg) first: number,
    @Arg('after', () => String, afterArg) after?: string | null,
    @Arg('filter', () => CallFilter, { nullable: true, description: 'Which calls.' })
    filter?: CallFilter | null,
  ): Promise<CallConnection> {
    const { startedAfter, startedBefore } = filter ?? {}
    const startedAt = {
      ...(startedAfter && { $gte: startedAfter }),
      ...(startedBefore && { $lt: startedBefore }),
    }
    const where = { shop: await shopOf(em), ...(Object.keys(startedAt).length > 0 && { startedAt }) }
    return paginate(
      (older, options) => em.find(Call, { $and: [where, ...older] }, { ...options, populate }),
      'startedAt',
      { first, after },
    )
  }

  @allow('calls:read')
  @Subscription(() => OnTheLine, {
    description: 'Who is on the line: at once, after each change, and at least every five seconds.',
    subscribe: async ({ context: { em, liveCalls } }: { context: Context }) =>
      toldOf(liveCalls.listen((await shopOf(em)).id)),
  })
  liveCalls(@Root() picture: OnTheLine): OnTheLine {
    return picture
  }

  @allow('calls:read', 'calls:write')
  @Query(() => Call, { nullable: true, description: 'One call; null when it is not known.' })
  call(
    @Ctx() { em }: Context,
    @Arg('id', () => ID, { description: "Twilio's CallSid." }) id: string,
  ): Promise<Call | null> {
    return em.findOne(Call, id, { populate })
  }

  @allow('calls:write')
  @Mutation(() => Call, {
    description:
      'A call comes in. The same CallSid answers the same call. A call from a number whose last call broke off before checkout goes on with its drinks.',
  })
  async startCall(
    @Ctx() { em, liveCalls }: Context,
    @Arg('input', () => StartCallInput, { description: 'The call.' }) { callSid, from, to }: StartCallInput,
  ): Promise<Call> {
    if (!/^[\w-]{1,64}$/.test(callSid)) throw badInput('`callSid` is no CallSid.')
    const known = await em.findOne(Call, callSid, { populate })
    if (known) return known
    const shop = (to && (await em.findOne(Shop, { phone: to }))) || (await shopOf(em))
    const caller = callerIdOf(from, shop.region)
    await em.transactional(async tx => {
      const dropped = caller ? await droppedCall(tx, shop.id, caller) : null
      // Twilio may ask twice at the same moment; the second insert finds the first.
      await tx.upsert(
        Call,
        {
          id: callSid,
          shop: shop.id,
          from: caller,
          phone: dropped?.phone ?? null,
          pendingItem: dropped?.pendingItem ?? null,
          cart: dropped?.cart ?? [],
          resumes: dropped?.id ?? null,
          transcript: [],
          intent: CallIntent.TALKING,
          effects: 0,
          startedAt: new Date(),
        },
        { onConflictFields: ['id'], onConflictAction: 'ignore' },
      )
    })
    liveCalls.wake()
    return em.findOneOrFail(Call, callSid, { populate, refresh: true })
  }

  @allow('calls:write')
  @Mutation(() => Call, { description: 'A call is over. The first reason given stays.' })
  async endCall(
    @Ctx() { em, liveCalls }: Context,
    @Arg('input', () => EndCallInput, { description: 'Which call, and why.' })
    { call: id, reason, metrics }: EndCallInput,
  ): Promise<Call> {
    await em.nativeUpdate(Call, { id, endedAt: null }, { endedAt: new Date(), endReason: reason })
    // Twilio's word that the call is over may come before the one who carried it has told how it went.
    if (metrics) await em.nativeUpdate(Call, { id, metrics: null }, { metrics })
    const call = await em.findOne(Call, id, { populate, refresh: true })
    if (!call) throw badInput('`call` is not known.')
    liveCalls.wake()
    return call
  }

  @allow('calls:write')
  @Mutation(() => Boolean, {
    description:
      'Write down what was said. Saying from where makes it safe to repeat. False when the call is not known.',
  })
  async recordWords(
    @Ctx() { em, liveCalls, log }: Context,
    @Arg('input', () => RecordWordsInput, { description: 'The words.' })
    { call: id, from, said }: RecordWordsInput,
  ): Promise<boolean> {
    const known = await log.change(em, async tx => {
      const call = await tx.em.findOne(Call, id, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
      if (!call) return false
      const words = said.map(({ speaker, text }) => ({ speaker, text: text.slice(0, longestWords) }))
      call.transcript = [...call.transcript.slice(0, Math.max(0, from)), ...words].slice(0, longestTranscript)
      // What comes after the rest was erased is to be erased as well.
      if (words.length > 0) call.erasedAt = null
      return true
    })
    if (known) liveCalls.wake()
    return known
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      "The last four digits of the caller's number. Null when it is withheld, and without the scope orders:pii.",
  })
  @allow('orders:pii')
  callerEnding(@Root() { from }: Call): string | null {
    return from?.slice(-shownDigits) ?? null
  }

  @FieldResolver(() => [Said], { description: 'What was said, in order.' })
  @rows(longList)
  transcript(@Root() call: Call): Said[] {
    return saidOn(call, call.transcript)
  }

  @FieldResolver(() => [Said], { description: 'What was said last, in order.' })
  lastWords(
    @Root() call: Call,
    @Arg('last', () => Int, { defaultValue: 2, description: 'How many, 1 to 20.' }) last: number,
  ): Said[] {
    return saidOn(call, call.transcript.slice(-Math.min(20, Math.max(1, last))))
  }

  @FieldResolver(() => [FunctionCall], { description: 'The agent functions with an effect, in order.' })
  @rows(longList)
  functions(@Ctx() { loaders }: Context, @Root() call: Call): Promise<FunctionCall[]> {
    return loaders.functions.load(call.id)
  }

  @FieldResolver(() => ID, {
    nullable: true,
    description:
      'Id of the call that broke off and whose drinks this one went on with; from the same number.',
  })
  resumes(@Root() call: Call): string | null {
    return call.resumes?.id ?? null
  }

  @FieldResolver(() => ID, {
    nullable: true,
    description: 'Id of the call that went on with the drinks of this one.',
  })
  resumedBy(@Root() call: Call): string | null {
    return call.resumedBy?.id ?? null
  }

  @FieldResolver(() => Menu, { description: 'What the shop sells right now.' })
  menu(@Ctx() { loaders }: Context, @Root() call: Call): Promise<Menu> {
    return loaders.menu.load(call.shop)
  }

  @FieldResolver(() => Money, { description: 'What the drinks in the cart cost.' })
  cartTotal(@Root() call: Call): Money {
    return money(sumOf(call.cart), call.shop.currency)
  }
}

/** Words as they are told: it is written down on whose call they were read. */
const saidOn = ({ id }: Call, said: Said[]): Said[] => said.map(each => ({ ...each, call: id }))
