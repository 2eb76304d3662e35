import { Migration } from '@mikro-orm/migrations'

export class Migration20261125181911 extends Migration {
  override name = 'Migration20261125181911'

  override up(): void | Promise<void> {
    this.addSql(
      `create table "webhook" ("id" varchar(255) not null, "shop" varchar(255) not null, "api_key" varchar(255) not null, "url" varchar(2000) not null, "event_types" jsonb not null, "document" text null, "salt" varchar(255) not null, "old_salt" varchar(255) null, "old_secret_until" timestamptz null, "seq" int not null, "failures" int not null default 0, "failing_since" timestamptz null, "last_delivered_at" timestamptz null, "due_at" timestamptz null, "created_at" timestamptz not null, "disabled_at" timestamptz null, "disabled_reason" varchar(255) null, "disabled_message" text null, primary key ("id"));`,
    )
    this.addSql(`create index "webhook_api_key_created_at_index" on "webhook" ("api_key", "created_at");`)

    this.addSql(
      `create table "webhook_delivery" ("id" varchar(255) not null, "webhook_id" varchar(255) not null, "seq" int not null, "type" varchar(255) not null, "order" varchar(255) null, "at" timestamptz not null, "status" varchar(255) not null default 'PENDING', "tries" int not null default 0, "tried" jsonb not null, "due_at" timestamptz not null, "until" timestamptz not null, "created_at" timestamptz not null, "updated_at" timestamptz not null, primary key ("id"));`,
    )
    this.addSql(`create index "webhook_delivery_created_at_index" on "webhook_delivery" ("created_at");`)
    this.addSql(
      `create index "webhook_delivery_webhook_id_created_at_id_index" on "webhook_delivery" ("webhook_id", "created_at", "id");`,
    )
    this.addSql(
      `create index "webhook_delivery_sending_index" on "webhook_delivery" ("updated_at") where status = 'SENDING';`,
    )
    this.addSql(
      `create index "webhook_delivery_due_index" on "webhook_delivery" ("webhook_id", "due_at") where status = 'PENDING';`,
    )
    this.addSql(
      `alter table "webhook_delivery" add constraint "webhook_delivery_webhook_id_seq_unique" unique ("webhook_id", "seq");`,
    )

    this.addSql(
      `alter table "webhook_delivery" add constraint "webhook_delivery_webhook_id_foreign" foreign key ("webhook_id") references "webhook" ("id") on delete cascade;`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "webhook_delivery" drop constraint "webhook_delivery_webhook_id_foreign";`)

    this.addSql(`drop table if exists "webhook" cascade;`)
    this.addSql(`drop table if exists "webhook_delivery" cascade;`)
  }
}
