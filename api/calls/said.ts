import { allow } from '../auth/allow.ts'
import { Field, InputType, ObjectType, registerEnumType } from 'type-graphql'

export enum Speaker {
  CALLER = 'CALLER',
  AGENT = 'AGENT',
}
registerEnumType(Speaker, {
  name: 'Speaker',
  description: 'Who is speaking on a call.',
  valuesConfig: {
    CALLER: { description: 'The guest, as the speech recogniser understood them.' },
    AGENT: { description: 'The voice agent.' },
  },
})

/** Something said on a call. Stored as JSON. */
@ObjectType({ description: 'Something said on a call.', simpleResolvers: true })
export class Said {
  @Field(() => Speaker, { description: 'By whom.' })
  speaker!: Speaker

  @Field(() => String, {
    nullable: true,
    description:
      'The words; what the agent said may have been interrupted before it was heard. Null without the scope orders:pii, since callers say their numbers.',
  })
  @allow('orders:pii')
  text!: string

  /** CallSid, where it is told. */
  call?: string
}

@InputType({ description: 'Something said on a call.' })
export class SaidInput implements Said {
  @Field(() => Speaker, { description: 'By whom.' })
  speaker!: Speaker

  @Field(() => String, { description: 'The words.' })
  text!: string
}
