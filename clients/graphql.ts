import { initGraphQLTada } from 'gql.tada'
import type { introspection } from './graphql-env.d.ts'

/** Reads a GraphQL document and gives it the types of schema.graphql. Fragments are read like plain fields. */
export const graphql = /* @__PURE__ */ initGraphQLTada<{
  introspection: introspection
  disableMasking: true
  scalars: {
    /** ISO 8601 */
    DateTime: string
    /** "2026-11-25" */
    LocalDate: string
    /** E.164 */
    PhoneNumber: string
  }
}>()
