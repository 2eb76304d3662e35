import { Migration } from '@mikro-orm/migrations'

export class Migration20261125091240 extends Migration {
  override name = 'Migration20261125091240'

  override up(): void | Promise<void> {
    this.addSql(
      `alter table "function_call" add "cancelled" boolean not null default false, add "place" int null, add "before" jsonb null;`,
    )

    this.addSql(`alter table "call" add "effects" int not null default 0, add "erased_at" timestamptz null;`)
    this.addSql(`create index "call_unerased_index" on "call" ("started_at") where erased_at is null;`)

    this.addSql(`create index "orders_unerased_index" on "orders" ("created_at") where phone is not null;`)

    this.addSql(`create index "sms_unerased_index" on "sms" ("created_at") where "to" is not null;`)
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "call_unerased_index";`)
    this.addSql(`alter table "call" drop column "effects", drop column "erased_at";`)

    this.addSql(
      `alter table "function_call" drop column "cancelled", drop column "place", drop column "before";`,
    )

    this.addSql(`drop index "orders_unerased_index";`)

    this.addSql(`drop index "sms_unerased_index";`)
  }
}
