import { Migration } from '@mikro-orm/migrations'

export class Migration20261125131939 extends Migration {
  override name = 'Migration20261125131939'

  override up(): void | Promise<void> {
    this.addSql(
      `create index "orders_open_index" on "orders" ("shop_id", "created_at", "id") where status in ('RECEIVED', 'PREPARING', 'READY');`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "orders_open_index";`)
  }
}
