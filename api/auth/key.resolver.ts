import {
  Arg,
  createUnionType,
  Ctx,
  Field,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
} from 'type-graphql'
import { Refusal, refuse } from '../carts/refusal.ts'
import { afterArg, connectionOf, firstArg, paginate } from '../connection.ts'
import type { Context } from '../context.ts'
import { describeRefusal, UserError } from '../errors.ts'
import { allow } from './allow.ts'
import { ApiKey } from './api-key.entity.ts'
import {
  createKey,
  type Issued,
  longestKeyName,
  longestOverlap,
  revoke,
  rotate,
  usualOverlap,
} from './manage-keys.ts'
import { PiiRead } from './pii-read.entity.ts'
import { ownerScope } from './scopes.ts'

@ObjectType({ description: 'A page of API keys, newest first.', simpleResolvers: true })
class ApiKeyConnection extends connectionOf(ApiKey, 'API keys') {}

@ObjectType({
  description: 'A page of what API keys have read of guests, newest first.',
  simpleResolvers: true,
})
class PiiReadConnection extends connectionOf(PiiRead, 'reads') {}

@ObjectType({ description: 'A key to be handed to whoever it is for.', simpleResolvers: true })
class ApiKeyIssued {
  @Field(() => ApiKey, { description: 'The key as it is kept.' })
  apiKey!: ApiKey

  @Field(() => String, { description: 'The key itself. It is shown this once.' })
  key!: string
}

@ObjectType({
  implements: UserError,
  description: describeRefusal(
    'No key was made or changed.',
    'BAD_NAME',
    'BAD_OVERLAP',
    'KEY_NOT_FOUND',
    'KEY_REVOKED',
    'NAME_NEEDED',
    'NAME_TOO_LONG',
    'OWNER_SCOPE',
    'SCOPES_NEEDED',
    'UNKNOWN_SCOPE',
    'VOICE_KEY',
  ),
  simpleResolvers: true,
})
class ApiKeyRefused extends UserError {}

const IssueApiKeyResult = createUnionType({
  name: 'IssueApiKeyResult',
  description: 'The key, or why there is none.',
  types: () => [ApiKeyIssued, ApiKeyRefused] as const,
  resolveType: value => ('key' in value ? ApiKeyIssued : ApiKeyRefused),
})

const RevokeApiKeyResult = createUnionType({
  name: 'RevokeApiKeyResult',
  description: 'The key that is revoked, or why it is not.',
  types: () => [ApiKey, ApiKeyRefused] as const,
  resolveType: value => (value instanceof ApiKey ? ApiKey : ApiKeyRefused),
})

@InputType({ description: 'A new API key.' })
class CreateApiKeyInput {
  @Field(() => String, { description: `Whose key it is, up to ${longestKeyName} characters.` })
  name!: string

  @Field(() => [String], {
    description: 'What it may do, e.g. "orders:read". "keys:write" is given by the command line alone.',
  })
  scopes!: string[]
}

@InputType({ description: 'Which API key gets a new key.' })
class RotateApiKeyInput {
  @Field(() => ID, { description: 'The API key.' })
  id!: string

  @Field(() => Int, {
    defaultValue: usualOverlap,
    description: `Minutes for which the old key works beside the new one, 0 to ${longestOverlap}.`,
  })
  overlapMinutes!: number
}

@InputType({ description: 'Which API key is revoked.' })
class RevokeApiKeyInput {
  @Field(() => ID, { description: 'The API key.' })
  id!: string
}

@InputType({ description: 'Which reads; every condition given must hold.' })
class PiiReadFilter {
  @Field(() => ID, { nullable: true, description: 'By this API key.' })
  apiKey?: string | null
}

const byCommandLine = (id?: string): never =>
  refuse(
    'OWNER_SCOPE',
    `Keys with the scope ${ownerScope} are made and rotated at the machine alone, by \`npm run api-key\`.`,
    ['input', id === undefined ? 'scopes' : 'id'],
  )

async function orRefused<T>(work: () => Promise<T>): Promise<T | ApiKeyRefused> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { code, message, path } = error
    return Object.assign(new ApiKeyRefused(), { code, message, path })
  }
}

const shown = ({ row, key }: Issued): ApiKeyIssued => Object.assign(new ApiKeyIssued(), { apiKey: row, key })

/** API keys, for the owner of the shop. */
@Resolver()
export class KeyResolver {
  @allow('keys:write')
  @Query(() => ApiKeyConnection, { description: 'The API keys, newest first, with those that were revoked.' })
  apiKeys(
    @Ctx() { em }: Context,
    @Arg('first', () => Int, firstArg) first: number,
    @Arg('after', () => String, afterArg) after?: string | null,
  ): Promise<ApiKeyConnection> {
    return paginate((older, options) => em.find(ApiKey, { $and: older }, options), 'createdAt', {
      first,
      after,
    })
  }

  @allow('keys:write')
  @Query(() => PiiReadConnection, {
    description: 'What API keys have read of guests, newest first. It is kept for a year.',
  })
  piiReads(
    @Ctx() { em }: Context,
    @Arg('first', () => Int, firstArg) first: number,
    @Arg('after', () => String, afterArg) after?: string | null,
    @Arg('filter', () => PiiReadFilter, { nullable: true, description: 'Which reads.' })
    filter?: PiiReadFilter | null,
  ): Promise<PiiReadConnection> {
    const where = filter?.apiKey == null ? {} : { apiKey: filter.apiKey }
    return paginate((older, options) => em.find(PiiRead, { $and: [where, ...older] }, options), 'at', {
      first,
      after,
    })
  }

  @allow('keys:write')
  @Mutation(() => IssueApiKeyResult, { description: 'Make an API key. It is shown this once.' })
  createApiKey(
    @Ctx() { em }: Context,
    @Arg('input', () => CreateApiKeyInput, { description: 'The key.' }) { name, scopes }: CreateApiKeyInput,
  ): Promise<ApiKeyIssued | ApiKeyRefused> {
    return orRefused(async () => {
      if (scopes.includes(ownerScope)) byCommandLine()
      return shown(await createKey(em, name, scopes))
    })
  }

  @allow('keys:write')
  @Mutation(() => IssueApiKeyResult, {
    description:
      'Replace a key by a new one, which is shown this once. Id, scopes and idempotency keys stay; the old key works a while longer.',
  })
  rotateApiKey(
    @Ctx() { em }: Context,
    @Arg('input', () => RotateApiKeyInput, { description: 'Which key.' })
    { id, overlapMinutes }: RotateApiKeyInput,
  ): Promise<ApiKeyIssued | ApiKeyRefused> {
    return orRefused(async () => {
      const row = await em.findOne(ApiKey, id)
      if (row?.scopes.includes(ownerScope)) byCommandLine(id)
      return shown(await rotate(em, id, overlapMinutes))
    })
  }

  @allow('keys:write')
  @Mutation(() => RevokeApiKeyResult, {
    description: 'Revoke a key: it is refused from then on, and its open sockets are closed within seconds.',
  })
  revokeApiKey(
    @Ctx() { em }: Context,
    @Arg('input', () => RevokeApiKeyInput, { description: 'Which key.' }) { id }: RevokeApiKeyInput,
  ): Promise<ApiKey | ApiKeyRefused> {
    return orRefused(() => revoke(em, id))
  }
}
