import { GraphQLError } from 'graphql'
import { type ClassType, Field, ObjectType } from 'type-graphql'
import { isText } from './limits/text.ts'

/** Rows of a page at most. */
export const largestPage = 100

/** The arguments of every connection. */
export const firstArg = { description: `How many, 1 to ${largestPage}.` }
export const afterArg = { nullable: true, description: 'The page after this opaque cursor.' }

@ObjectType({ description: 'Where a page lies in its list (Relay).', simpleResolvers: true })
export class PageInfo {
  @Field(() => Boolean, { description: 'True when there is a page after this one.' })
  hasNextPage!: boolean

  @Field(() => Boolean, { description: 'True when there is a page before this one.' })
  hasPreviousPage!: boolean

  @Field(() => String, { nullable: true, description: 'Opaque cursor of the first edge.' })
  startCursor!: string | null

  @Field(() => String, {
    nullable: true,
    description: 'Opaque cursor of the last edge: `after` of the next page.',
  })
  endCursor!: string | null
}

export interface Connection<T> {
  edges: { cursor: string; node: T }[]
  nodes: T[]
  pageInfo: PageInfo
}

/** The Relay connection type of an entity, e.g. OrderConnection of Order. */
export function connectionOf<T extends object>(Node: ClassType<T>, plural: string) {
  @ObjectType(`${Node.name}Edge`, { description: `One of the ${plural} of a page.`, simpleResolvers: true })
  class EdgeType {
    @Field(() => String, { description: 'Its place in the list, an opaque cursor.' })
    cursor!: string

    @Field(() => Node, { description: 'What stands there.' })
    node!: T
  }

  @ObjectType(`${Node.name}Connection`, {
    description: `A page of ${plural}, newest first.`,
    simpleResolvers: true,
  })
  class ConnectionType implements Connection<T> {
    @Field(() => [EdgeType], { description: 'The page with the cursor of each entry.' })
    edges!: EdgeType[]

    @Field(() => [Node], { description: 'The page without cursors.' })
    nodes!: T[]

    @Field(() => PageInfo, { description: 'Whether there is more.' })
    pageInfo!: PageInfo
  }
  return ConnectionType
}

const encode = (at: Date, id: string) => Buffer.from(`${at.getTime()}:${id}`).toString('base64url')

/** Up to the year 5138: PostgreSQL does not read one of five digits. */
function decode(cursor: string): { at: Date; id: string } {
  const match = /^(\d{1,14}):(.+)$/.exec(Buffer.from(cursor, 'base64url').toString())
  if (!match || !isText(match[2]!))
    throw badInput('`after` is no cursor of this list. Take it from pageInfo.endCursor.')
  return { at: new Date(Number(match[1])), id: match[2]! }
}

export function badInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } })
}

/**
 * A page of rows, newest first.
 * @param read reads the rows that fit conditions besides the caller's own
 * @param time the column by which they are ordered
 * @throws GraphQLError BAD_USER_INPUT for a page size outside 1–100 or a cursor that is none
 */
export async function paginate<T extends object>(
  read: (older: object[], options: { orderBy: object; limit: number }) => Promise<T[]>,
  time: keyof T & string,
  { first, after }: { first: number; after?: string | null },
): Promise<Connection<T>> {
  if (first < 1 || first > largestPage) throw badInput(`\`first\` must be from 1 to ${largestPage}.`)
  const from = after == null ? undefined : decode(after)
  const older = from && { $or: [{ [time]: { $lt: from.at } }, { [time]: from.at, id: { $lt: from.id } }] }
  const orderBy = { [time]: 'desc', id: 'desc' }
  const rows = await read(older ? [older] : [], { orderBy, limit: first + 1 })
  const edges = rows.slice(0, first).map(node => ({
    cursor: encode(node[time] as Date, (node as { id: string }).id),
    node,
  }))
  return {
    edges,
    nodes: edges.map(edge => edge.node),
    pageInfo: {
      hasNextPage: rows.length > first,
      hasPreviousPage: after != null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}
