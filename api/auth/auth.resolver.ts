import {
  Arg,
  Ctx,
  createUnionType,
  Field,
  Int,
  Mutation,
  ObjectType,
  Query,
  registerEnumType,
  Resolver,
} from 'type-graphql'
import type { Context } from '../context.ts'
import { describeRefusal, UserError } from '../errors.ts'
import { Shop } from '../shops/shop.entity.ts'
import { shopOf } from '../shops/shop-of.ts'
import { allow } from './allow.ts'
import { staffScopes } from './scopes.ts'

enum ViewerKind {
  ANYONE = 'ANYONE',
  STAFF = 'STAFF',
  API_KEY = 'API_KEY',
}
registerEnumType(ViewerKind, {
  name: 'ViewerKind',
  description: 'By what somebody proved who they are.',
  valuesConfig: {
    ANYONE: { description: 'By nothing.' },
    STAFF: { description: 'By the PIN, at the console.' },
    API_KEY: { description: 'By an API key.' },
  },
})

@ObjectType({ description: 'Who is asking.', simpleResolvers: true })
class Viewer {
  @Field(() => ViewerKind, { description: 'By what they proved it.' })
  kind!: ViewerKind

  @Field(() => String, { description: 'Name of the API key, or what kind of person it is.' })
  name!: string

  @Field(() => [String], { description: 'What they may do.' })
  scopes!: string[]

  @Field(() => Shop, { description: 'The shop they belong to.' })
  shop!: Shop
}

@ObjectType({ description: 'Signed in; the session is in a cookie.', simpleResolvers: true })
class SignedIn {
  @Field(() => Viewer, { description: 'Who is signed in now.' })
  viewer!: Viewer
}

@ObjectType({
  implements: UserError,
  description: describeRefusal('Not signed in.', 'TOO_MANY_ATTEMPTS', 'WRONG_PIN'),
  simpleResolvers: true,
})
class SignInRefused extends UserError {
  @Field(() => Int, { description: 'Seconds to wait before the next try; 0 when it may be tried at once.' })
  retryAfter!: number
}

const SignInResult = createUnionType({
  name: 'SignInResult',
  description: 'The session, or why there is none.',
  types: () => [SignedIn, SignInRefused] as const,
  resolveType: value => ('viewer' in value ? SignedIn : SignInRefused),
})

/** Who is asking. */
@Resolver()
export class AuthResolver {
  @allow('anyone')
  @Query(() => Viewer, { description: 'Who am I, and what may I do?' })
  async me(@Ctx() { em, viewer }: Context): Promise<Viewer> {
    return {
      kind: ViewerKind[viewer.kind],
      name: viewer.name,
      scopes: [...viewer.scopes],
      shop: await shopOf(em),
    }
  }

  @allow('anyone')
  @Mutation(() => SignInResult, { description: 'Open a session for the console, by PIN.' })
  async signIn(
    @Ctx() { em, staff, address, setSession }: Context,
    @Arg('pin', () => String, { description: "The shop's staff PIN." }) pin: string,
  ): Promise<SignedIn | SignInRefused> {
    const session = await staff.signIn(pin, address)
    if ('retryAfter' in session) {
      const { retryAfter } = session
      return Object.assign(new SignInRefused(), {
        code: retryAfter > 0 ? 'TOO_MANY_ATTEMPTS' : 'WRONG_PIN',
        message:
          retryAfter > 0
            ? `Too many wrong PINs. Wait ${retryAfter} seconds and try again.`
            : 'That PIN is not right. Check it and try again.',
        path: ['pin'],
        retryAfter,
      })
    }
    setSession(session.token, session.expires)
    const viewer = { kind: ViewerKind.STAFF, name: 'Staff', scopes: [...staffScopes], shop: await shopOf(em) }
    return Object.assign(new SignedIn(), { viewer })
  }

  @allow('anyone')
  @Mutation(() => Boolean, { description: 'End this session.' })
  async signOut(@Ctx() { staff, viewer, setSession }: Context): Promise<boolean> {
    await staff.signOut(viewer)
    setSession(null)
    return true
  }
}
