import type { EntityManager } from '@mikro-orm/sql'
import { GraphQLError } from 'graphql'
import { Shop } from './shop.entity.ts'

/**
 * The shop of that id; the oldest one if none is given.
 * @throws GraphQLError NOT_FOUND
 */
export async function shopOf(em: EntityManager, id?: string | null): Promise<Shop> {
  const shop =
    id == null
      ? (await em.find(Shop, {}, { orderBy: { createdAt: 'asc', id: 'asc' }, limit: 1 }))[0]
      : await em.findOne(Shop, id)
  if (!shop) throw new GraphQLError('There is no such shop.', { extensions: { code: 'NOT_FOUND' } })
  return shop
}
