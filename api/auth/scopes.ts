/** Everything an API key may be allowed. */
export const scopes = [
  'menu:read',
  'menu:write',
  'orders:read',
  'orders:write',
  'orders:pii',
  'calls:read',
  'calls:write',
  'webhooks:write',
  'keys:write',
] as const

export type Scope = (typeof scopes)[number]

/** What a signed-in console may do. */
export const staffScopes: Scope[] = [
  'menu:read',
  'menu:write',
  'orders:read',
  'orders:write',
  'orders:pii',
  'calls:read',
]

/**
 * What only the owner may do, who proves it at the machine itself: the command line alone gives this scope. The PIN is
 * known to everybody who works in the shop, and a key that could make others of its kind would outlive its revocation.
 */
export const ownerScope: Scope = 'keys:write'
