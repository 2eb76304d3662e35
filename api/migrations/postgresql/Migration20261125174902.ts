import { Migration } from '@mikro-orm/migrations'

export class Migration20261125174902 extends Migration {
  override name = 'Migration20261125174902'

  override up(): void | Promise<void> {
    this.addSql(
      `alter table "shop" add "paused_until" timestamptz null, add "delay_minutes" int not null default 0, add "delayed_until" timestamptz null, add "warn_after_minutes" int not null default 5, add "late_after_minutes" int not null default 10;`,
    )

    this.addSql(`alter table "menu_item" add "sold_out_until" timestamptz null;`)

    this.addSql(`create index "call_live_index" on "call" ("shop_id", "started_at") where ended_at is null;`)

    this.addSql(
      `alter table "orders" add "hold_until" timestamptz null, add "promised_at" timestamptz null, add "changed_at" timestamptz null, add "seen_at" timestamptz null;`,
    )

    this.addSql(
      `alter table "order_item" add "done_at" timestamptz null, add "label_prints" int not null default 0;`,
    )

    this.addSql(`alter table "sms" drop constraint "sms_order_id_kind_unique";`)
    this.addSql(`alter table "sms" add "round" int not null default 0;`)
    this.addSql(
      `alter table "sms" add constraint "sms_order_id_kind_round_unique" unique ("order_id", "kind", "round");`,
    )

    // What staff have in hand stands out no more, and what is ready is made.
    this.addSql(`update "orders" set "seen_at" = "updated_at" where "status" in ('PREPARING', 'READY');`)
    this.addSql(
      `update "order_item" set "done_at" = (select "ready_at" from "orders" where "orders"."id" = "order_item"."order_id") where "order_id" in (select "id" from "orders" where "status" = 'READY');`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "call_live_index";`)

    this.addSql(`alter table "menu_item" drop column "sold_out_until";`)

    this.addSql(`alter table "order_item" drop column "done_at", drop column "label_prints";`)

    this.addSql(
      `alter table "orders" drop column "hold_until", drop column "promised_at", drop column "changed_at", drop column "seen_at";`,
    )

    this.addSql(
      `alter table "shop" drop column "paused_until", drop column "delay_minutes", drop column "delayed_until", drop column "warn_after_minutes", drop column "late_after_minutes";`,
    )

    this.addSql(`alter table "sms" drop constraint "sms_order_id_kind_round_unique";`)
    this.addSql(`alter table "sms" drop column "round";`)
    this.addSql(`alter table "sms" add constraint "sms_order_id_kind_unique" unique ("order_id", "kind");`)
  }
}
