import {
  getNamedType,
  GraphQLError,
  type GraphQLField,
  type GraphQLSchema,
  isCompositeType,
  isNonNullType,
  isObjectType,
} from 'graphql'
import { Extensions } from 'type-graphql'
import type { Context } from '../context.ts'
import { checkTime } from '../limits/time-out.ts'
import type { Scope } from './scopes.ts'
import type { Viewer } from './viewer.ts'

export type Rule = Scope | 'anyone'

/** Says who may use a field: those with any one of the scopes, or anyone. */
export const allow = (...rules: Rule[]): MethodDecorator & PropertyDecorator => Extensions({ rules })

/** Whether somebody has one of the scopes. */
export const may = (viewer: Viewer, rules: Rule[]) =>
  rules.some(rule => rule === 'anyone' || viewer.scopes.has(rule))

/**
 * For what a rule of a field cannot say: what may be read depends on what is asked for.
 * @throws GraphQLError UNAUTHENTICATED when nobody is signed in, FORBIDDEN when the scope is missing
 */
export function check(rules: Rule[], { viewer }: Context): void {
  if (may(viewer, rules)) return
  const rule = rules[0]!
  if (viewer.kind === 'ANYONE') {
    throw new GraphQLError(`Sign in or send an API key: this needs the scope ${rule}.`, {
      extensions: { code: 'UNAUTHENTICATED', scope: rule },
    })
  }
  throw new GraphQLError(`This needs the scope ${rule}, which ${viewer.name} does not have.`, {
    extensions: { code: 'FORBIDDEN', scope: rule },
  })
}

const rulesOf = (field: GraphQLField<unknown, Context>) => field.extensions.rules as Rule[] | undefined

/**
 * Puts the rules in front of the resolvers, on every road a document may come by. A root field without a rule is a
 * mistake that stops the start: nothing is open by accident. A guarded field of an object answers null to those who
 * may not read it, so that one page serves every integrator, and what it tells an API key is noted. Whatever would
 * read more for an operation that has run out of time ends it.
 * @throws Error naming a root field without a rule, or a guarded field that cannot answer null
 */
export function guard(schema: GraphQLSchema): GraphQLSchema {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    for (const field of Object.values(type.getFields()) as GraphQLField<unknown, Context>[]) {
      const rules = rulesOf(field)
      if (roots.includes(type)) guardRoot(type.name, field, rules)
      else if (rules) guardField(type.name, field, rules)
      else if (isCompositeType(getNamedType(field.type))) stopInTime(field)
    }
  }
  return schema
}

type Field = GraphQLField<unknown, Context>

function guardRoot(type: string, field: Field, rules: Rule[] | undefined): void {
  if (!rules) throw new Error(`${type}.${field.name} has no access rule`)
  const { resolve, subscribe } = field
  if (subscribe) {
    field.subscribe = (source, args, context, info) => {
      check(rules, context)
      return subscribe(source, args, context, info)
    }
  } else {
    field.resolve = (source, args, context, info) => {
      check(rules, context)
      checkTime(context.signal)
      // Each step of a mutation looks at the database anew. What the step before has loaded would be read past the
      // transaction of this one, and of one connection, as SQLite has, the two would wait for each other for ever.
      if (type === 'Mutation') context.em.clear()
      return resolve?.(source, args, context, info)
    }
  }
}

function guardField(type: string, field: Field, rules: Rule[]): void {
  const { name } = field
  if (isNonNullType(field.type)) {
    throw new Error(`${type}.${name} has an access rule, so it has to be nullable`)
  }
  const resolve = field.resolve ?? (source => (source as Record<string, unknown>)[name])
  const personal = rules.includes('orders:pii')
  field.resolve = (source, args, context, info) => {
    if (!may(context.viewer, rules)) return null
    const noted = (value: unknown) => {
      if (personal && value != null) context.piiReads.note(type, name, source)
      return value
    }
    const value: unknown = resolve(source, args, context, info)
    // A page has hundreds of them, most of which are there already.
    return value instanceof Promise ? value.then(noted) : noted(value)
  }
}

/** Only what has a resolver of its own reads anything: the rest is there already. */
function stopInTime(field: Field): void {
  const { resolve } = field
  if (!resolve) return
  field.resolve = (source, args, context, info) => {
    checkTime(context.signal)
    return resolve(source, args, context, info)
  }
}
