import { type EntityProperty, type Platform, raw } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/sql'
import { LRUCache } from 'lru-cache'
import type { ClassType } from 'type-graphql'

export interface RowsOptions {
  orderBy?: object
  limit?: number
}

/** A statement of one form, whose values come when it is run. */
interface Statement {
  sql: string
  /** A constant each, or which value of the conditions. */
  params: ({ constant: unknown } | { place: number })[]
  /** What becomes of what the driver gives, by property; of most nothing does. */
  conversions: (readonly [property: string, convert: (value: unknown) => unknown])[]
}

/** So many statements are kept; there are some twenty, but for lists of different lengths. */
const keptStatements = 500

/** Those of a database: the platform is one object of each that is open. */
const known = new WeakMap<Platform, LRUCache<string, Statement>>()

/**
 * Rows that are only shown and never changed: instances of their class with the columns of their own table, related
 * rows by their ids and collections left out: no identity map, change tracking and relations. What the ORM makes of the
 * conditions is kept by their form: making SQL anew each time takes longer than running it.
 */
export async function readRows<T extends object>(
  em: EntityManager,
  Type: ClassType<T>,
  where: object,
  { orderBy, limit }: RowsOptions = {},
): Promise<T[]> {
  const values: unknown[] = []
  const form = formOf(where, values)
  const name = JSON.stringify([Type.name, form, orderBy, limit])
  const platform = em.getPlatform()
  let kept = known.get(platform)
  if (!kept) known.set(platform, (kept = new LRUCache({ max: keptStatements })))
  let statement = kept.get(name)
  if (!statement) kept.set(name, (statement = prepare(em, Type, form, { orderBy, limit })))
  const { sql, params, conversions } = statement
  const given = params.map(each => ('place' in each ? values[each.place] : each.constant))
  const rows = await em.execute<Record<string, unknown>[]>(sql, given)
  return rows.map(row => {
    for (const [property, convert] of conversions) row[property] = convert(row[property])
    return Object.setPrototypeOf(row, Type.prototype as object) as T
  })
}

/** Begins what stands for a value in a form; no condition of ours does. */
const mark = '\0'

/**
 * Conditions without their values, which are put into `values` by the places that are left for them. What makes SQL
 * another one stays: the names, how long a list is, and what is null.
 */
function formOf(where: unknown, values: unknown[]): unknown {
  if (where === undefined) throw new Error('a condition of rows is undefined')
  if (where === null || typeof where === 'boolean') return where
  if (Array.isArray(where)) return where.map(each => formOf(each, values))
  if (typeof where === 'object' && !(where instanceof Date)) {
    return Object.fromEntries(Object.entries(where).map(([name, each]) => [name, formOf(each, values)]))
  }
  return mark + (values.push(where) - 1)
}

function prepare(
  em: EntityManager,
  Type: ClassType<object>,
  form: unknown,
  { orderBy, limit }: RowsOptions,
): Statement {
  const platform = em.getPlatform()
  const columns = em
    .getMetadata()
    .get(Type as never)
    .props.filter(({ fieldNames, persist }) => fieldNames?.length === 1 && persist !== false)
  const select = columns.map(({ name, fieldNames: [column] }) =>
    [`row.${column}`, name].map(each => platform.quoteIdentifier(each)).join(' as '),
  )
  const query = em
    .qb(Type as never, 'row')
    .select(raw(select.join(', ')) as never)
    .where(form as never)
  if (orderBy) query.orderBy(orderBy as never)
  if (limit !== undefined) query.limit(limit)
  const { sql, params } = query.toQuery()
  return {
    sql,
    params: params.map(param =>
      typeof param === 'string' && param.startsWith(mark)
        ? { place: Number(param.slice(mark.length)) }
        : { constant: param },
    ),
    conversions: columns.flatMap(column => {
      const convert = conversionOf(column, platform)
      return convert ? [[column.name, convert]] : []
    }),
  }
}

/** What the ORM does with values of a column when it makes entities of them. */
function conversionOf(
  { customType, runtimeType }: EntityProperty,
  platform: Platform,
): ((value: unknown) => unknown) | undefined {
  if (customType) return value => customType.convertToJSValue(value, platform)
  if (runtimeType === 'Date') return value => value && platform.parseDate(value as string)
  if (runtimeType === 'boolean') return value => (value === null ? value : Boolean(value))
  return undefined
}
