import type { Constructor } from '@mikro-orm/core'
import type { Migration } from '@mikro-orm/migrations'
import { Migration20261125045722 } from './Migration20261125045722.ts'
import { Migration20261125091236 } from './Migration20261125091236.ts'
import { Migration20261125125431 } from './Migration20261125125431.ts'
import { Migration20261125131933 } from './Migration20261125131933.ts'
import { Migration20261125174901 } from './Migration20261125174901.ts'
import { Migration20261125180942 } from './Migration20261125180942.ts'
import { Migration20261125181903 } from './Migration20261125181903.ts'

/** Oldest first. */
export const migrations: Record<string, Constructor<Migration>> = {
  Migration20261125045722,
  Migration20261125091236,
  Migration20261125125431,
  Migration20261125131933,
  Migration20261125174901,
  Migration20261125180942,
  Migration20261125181903,
}
