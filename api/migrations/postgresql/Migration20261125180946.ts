import { Migration } from '@mikro-orm/migrations'

export class Migration20261125180946 extends Migration {
  override name = 'Migration20261125180946'

  override up(): void | Promise<void> {
    this.addSql(
      `create table "pii_read" ("id" varchar(255) not null, "at" timestamptz not null, "api_key" varchar(255) not null, "fields" jsonb not null, "orders" jsonb not null, "calls" jsonb not null, "count" int not null, primary key ("id"));`,
    )
    this.addSql(`create index "pii_read_api_key_at_index" on "pii_read" ("api_key", "at");`)
    this.addSql(`create index "pii_read_at_index" on "pii_read" ("at");`)

    this.addSql(
      `alter table "api_key" add "previous_hash" varchar(255) null, add "previous_until" timestamptz null, add "last_used_at" timestamptz null;`,
    )
    this.addSql(
      `alter table "api_key" add constraint "api_key_previous_hash_unique" unique ("previous_hash");`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "pii_read" cascade;`)

    this.addSql(`alter table "api_key" drop constraint "api_key_previous_hash_unique";`)
    this.addSql(
      `alter table "api_key" drop column "previous_hash", drop column "previous_until", drop column "last_used_at";`,
    )
  }
}
