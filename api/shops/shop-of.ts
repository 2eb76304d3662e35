import type { EntityManager } from '@mikro-orm/sql'
import { GraphQLError } from 'graphql'
import { readRows } from '../rows.ts'
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
  return shop ?? noShop()
}

/**
 * The same, only to be shown: see `readRows`.
 * @throws GraphQLError NOT_FOUND
 */
export async function readShop(em: EntityManager, id?: string | null): Promise<Shop> {
  const oldest = { orderBy: { createdAt: 'asc', id: 'asc' }, limit: 1 }
  const [shop] = await readRows(em, Shop, id == null ? {} : { id }, oldest)
  return shop ?? noShop()
}

function noShop(): never {
  throw new GraphQLError('There is no such shop.', { extensions: { code: 'NOT_FOUND' } })
}
