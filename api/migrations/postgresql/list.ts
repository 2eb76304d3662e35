import type { Constructor } from '@mikro-orm/core'
import type { Migration } from '@mikro-orm/migrations'

/** Oldest first. */
export const migrations: Record<string, Constructor<Migration>> = {}
