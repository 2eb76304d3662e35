import { Field, InputType, Int, ObjectType } from 'type-graphql'

/** How well a call went, in numbers. Stored as JSON. */
@ObjectType({
  description: 'How well a call went, in numbers; times are milliseconds.',
  simpleResolvers: true,
})
@InputType('CallMetricsInput', { description: 'How well a call went, in numbers; times are milliseconds.' })
export class CallMetrics {
  @Field(() => Int, { description: 'From the ring to the end.' })
  durationMs!: number

  @Field(() => Int, {
    nullable: true,
    description:
      "From the start of the caller's sound to the first sound of the agent; 0 when it was there before.",
  })
  greetingMs?: number | null

  @Field(() => Int, {
    nullable: true,
    description: "Median time from the agent's word that the caller is done to the first sound of its reply.",
  })
  replyMedianMs?: number | null

  @Field(() => Int, { nullable: true, description: 'The longest such time.' })
  replyMaxMs?: number | null

  @Field(() => Int, { nullable: true, description: 'The longest that an agent function took.' })
  functionMaxMs?: number | null

  @Field(() => Int, { description: 'How often the caller interrupted the agent.' })
  interruptions!: number

  @Field(() => Int, {
    description: 'Speech of the agent that was dropped because the caller had interrupted.',
  })
  droppedMs!: number

  @Field(() => Int, { description: 'How often the voice agent was lost and had to be called back.' })
  agentLosses!: number
}
