import type { EntityManager } from '@mikro-orm/sql'
import type { ClassType } from 'type-graphql'

export interface RowsOptions {
  orderBy?: object
  limit?: number
}

/**
 * Rows that are only shown and never changed: instances of their class with the columns of their own table, related
 * rows by their ids and collections left out. Without identity map, change tracking and relations they cost a fifth of
 * what entities do, which is most of what a page costs.
 */
export async function readRows<T extends object>(
  em: EntityManager,
  Type: ClassType<T>,
  where: object,
  { orderBy, limit }: RowsOptions = {},
): Promise<T[]> {
  const query = em
    .qb(Type as never, 'row')
    .select('*')
    .where(where as never)
  if (orderBy) query.orderBy(orderBy as never)
  if (limit !== undefined) query.limit(limit)
  const rows = (await query.execute('all')) as Record<string, unknown>[]
  // The query builder leaves values as the driver gives them: JSON is text on SQLite.
  const converted = em
    .getMetadata()
    .get(Type as never)
    .props.filter(({ customType }) => customType)
  const platform = em.getPlatform()
  return rows.map(row => {
    for (const { name, customType } of converted)
      row[name] = customType!.convertToJSValue(row[name], platform)
    return Object.setPrototypeOf(row, Type.prototype as object) as T
  })
}
