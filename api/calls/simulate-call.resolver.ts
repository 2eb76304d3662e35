import { randomInt } from 'node:crypto'
import { Arg, createUnionType, Ctx, Field, ID, InputType, Mutation, ObjectType, Resolver } from 'type-graphql'
import { longestLine, mostLines, type Simulation } from '../../simulation.ts'
import { allow } from '../auth/allow.ts'
import { Refusal, refuse } from '../carts/refusal.ts'
import type { Context } from '../context.ts'
import { describeRefusal, UserError } from '../errors.ts'
import { shopOf } from '../shops/shop-of.ts'
import { PhoneNumber } from './phone-number.ts'
import { phoneOf } from './phone.ts'

@InputType({ description: 'Who calls, and what they say. Give either script or lines.' })
class SimulateCallInput {
  @Field(() => String, {
    nullable: true,
    description: 'Name of a script that comes with BobaRista: a file in its folder calls/, without ".txt".',
  })
  script?: string | null

  @Field(() => [String], {
    nullable: true,
    description: `A script of your own, 1 to ${mostLines} lines of up to ${longestLine} characters. A line is said when the agent has finished speaking; "> words" waits until they are heard; "/press 123#" presses keys, "/hangup" hangs up, "#" begins a remark.`,
  })
  lines?: string[] | null

  @Field(() => PhoneNumber, {
    nullable: true,
    description: "The caller's number. A made-up one if omitted.",
  })
  from?: string | null
}

@ObjectType({ description: 'The call is on the line, and goes on by itself.', simpleResolvers: true })
class SimulatedCall {
  @Field(() => ID, { description: "The call's id, as Twilio would give it: `id` of the query call." })
  callSid!: string
}

@ObjectType({
  implements: UserError,
  description: describeRefusal(
    'Nobody calls.',
    'BAD_PHONE',
    'BAD_SCRIPT',
    'NOT_PRACTICE',
    'TOO_MANY_CALLS',
    'VOICE_AWAY',
    'VOICE_KEY_DIFFERS',
  ),
  simpleResolvers: true,
})
class SimulateCallRefused extends UserError {}

const SimulateCallResult = createUnionType({
  name: 'SimulateCallResult',
  description: 'The call, or why there is none.',
  types: () => [SimulatedCall, SimulateCallRefused] as const,
  resolveType: value => ('callSid' in value ? SimulatedCall : SimulateCallRefused),
})

/** Calls without a phone. */
@Resolver()
export class SimulateCallResolver {
  @allow('orders:write')
  @Mutation(() => SimulateCallResult, {
    description:
      'In practice mode only: a caller who follows a script calls the shop, and the real voice process and the practice agent take the call, so that you see the words, drinks, order and events of one. Answered at once, while the call goes on. What comes of it is an order like any other, so it needs the scope orders:write.',
  })
  async simulateCall(
    @Ctx() { em, practiceLine }: Context,
    @Arg('input', () => SimulateCallInput, { description: 'The call.' }) input: SimulateCallInput,
  ): Promise<SimulatedCall | SimulateCallRefused> {
    try {
      if (!practiceLine) return refuse('NOT_PRACTICE', notPractice)
      const script = scriptOf(input)
      const { region } = await shopOf(em)
      const from = input.from == null ? madeUpNumber() : phoneOf(input.from, region)
      if (!from) {
        return refuse('BAD_PHONE', 'That is no possible phone number. Send E.164, e.g. +15551234567.', [
          'input',
          'from',
        ])
      }
      return { callSid: await practiceLine.call({ from, script }) }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const { code, message, path } = error
      return Object.assign(new SimulateCallRefused(), { code, message, path })
    }
  }
}

const notPractice =
  'This shop takes real calls or sends real texts, so no call is simulated. Try it with a shop that has no Twilio account and is not in production.'

/** @throws Refusal BAD_SCRIPT */
function scriptOf({ script, lines }: SimulateCallInput): Simulation['script'] {
  if ((script == null) === (lines == null)) {
    return refuse('BAD_SCRIPT', 'Give the name of a script, or lines of your own: one of the two.', ['input'])
  }
  if (script != null) return script.slice(0, 60)
  const wrong = lines!.findIndex(line => line.length > longestLine || /[\r\n]/.test(line))
  if (wrong >= 0) {
    return refuse(
      'BAD_SCRIPT',
      `A line has ${longestLine} characters at most and no line break. Give two lines.`,
      ['input', 'lines', String(wrong)],
    )
  }
  if (lines!.length > 0 && lines!.length <= mostLines) return lines!
  return refuse('BAD_SCRIPT', `A script has 1 to ${mostLines} lines. Give fewer, or one at least.`, [
    'input',
    'lines',
  ])
}

/**
 * From the range 555-0100 to 555-0199, which belongs to nobody; another one each time, since a caller whose last call
 * broke off would go on with its drinks.
 */
const madeUpNumber = () => `+1${randomInt(2, 10)}${randomInt(10, 100)}55501${randomInt(10, 100)}`
