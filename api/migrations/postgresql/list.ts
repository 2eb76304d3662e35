import type { Constructor } from '@mikro-orm/core'
import type { Migration } from '@mikro-orm/migrations'
import { Migration20261125045723 } from './Migration20261125045723.ts'
import { Migration20261125091240 } from './Migration20261125091240.ts'
import { Migration20261125125435 } from './Migration20261125125435.ts'
import { Migration20261125131939 } from './Migration20261125131939.ts'
import { Migration20261125174902 } from './Migration20261125174902.ts'
import { Migration20261125180946 } from './Migration20261125180946.ts'
import { Migration20261125181911 } from './Migration20261125181911.ts'

/** Oldest first. */
export const migrations: Record<string, Constructor<Migration>> = {
  Migration20261125045723,
  Migration20261125091240,
  Migration20261125125435,
  Migration20261125131939,
  Migration20261125174902,
  Migration20261125180946,
  Migration20261125181911,
}
