import { GraphQLError, type GraphQLField, type GraphQLSchema, isNonNullType, isObjectType } from 'graphql'
import { Extensions } from 'type-graphql'
import type { Context } from '../context.ts'
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
 * may not read it, so that one page serves every integrator.
 * @throws Error naming a root field without a rule, or a guarded field that cannot answer null
 */
export function guard(schema: GraphQLSchema): GraphQLSchema {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    for (const field of Object.values(type.getFields()) as GraphQLField<unknown, Context>[]) {
      const rules = rulesOf(field)
      if (roots.includes(type)) {
        if (!rules) throw new Error(`${type.name}.${field.name} has no access rule`)
        const { resolve, subscribe } = field
        if (subscribe) {
          field.subscribe = (source, args, context, info) => {
            check(rules, context)
            return subscribe(source, args, context, info)
          }
        } else {
          field.resolve = (source, args, context, info) => {
            check(rules, context)
            return resolve?.(source, args, context, info)
          }
        }
      } else if (rules) {
        if (isNonNullType(field.type)) {
          throw new Error(`${type.name}.${field.name} has an access rule, so it has to be nullable`)
        }
        const resolve = field.resolve ?? (source => (source as Record<string, unknown>)[field.name])
        field.resolve = (source, args, context, info) =>
          may(context.viewer, rules) ? resolve(source, args, context, info) : null
      }
    }
  }
  return schema
}
