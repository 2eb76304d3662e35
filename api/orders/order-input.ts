import { Field, ID, InputType } from 'type-graphql'

@InputType({ description: 'Which order staff have seen.' })
export class MarkOrderSeenInput {
  @Field(() => ID, { description: 'The order.' })
  id!: string
}

@InputType({ description: 'Which cup, and whether it is made.' })
export class SetCupDoneInput {
  @Field(() => ID, { description: 'The cup.' })
  cup!: string

  @Field(() => Boolean, { description: 'True when it is made.' })
  done!: boolean
}

@InputType({ description: 'Which labels were printed.' })
export class RecordLabelsInput {
  @Field(() => [ID], { description: 'The cups, all of one order.' })
  cups!: string[]
}

@InputType({ description: 'Which text to send again.' })
export class ResendTextInput {
  @Field(() => ID, { description: 'The text.' })
  text!: string
}
