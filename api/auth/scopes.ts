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
