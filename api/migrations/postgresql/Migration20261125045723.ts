import { Migration } from '@mikro-orm/migrations'

export class Migration20261125045723 extends Migration {
  override name = 'Migration20261125045723'

  override up(): void | Promise<void> {
    this.addSql(
      `create table "api_key" ("id" varchar(255) not null, "name" varchar(255) not null, "hash" varchar(255) not null, "prefix" varchar(255) not null, "scopes" jsonb not null, "created_at" timestamptz not null, "revoked_at" timestamptz null, primary key ("id"));`,
    )
    this.addSql(`alter table "api_key" add constraint "api_key_hash_unique" unique ("hash");`)

    this.addSql(
      `create table "event" ("shop" varchar(255) not null, "seq" int not null, "type" varchar(255) not null, "order" varchar(255) null, "data" jsonb null, "at" timestamptz not null, primary key ("shop", "seq"));`,
    )

    this.addSql(
      `create table "function_call" ("call" varchar(255) not null, "request" varchar(255) not null, "name" varchar(255) not null, "arguments_hash" varchar(255) not null, "arguments" jsonb not null, "answer" jsonb not null, "at" timestamptz not null, primary key ("call", "request"));`,
    )

    this.addSql(
      `create table "reader" ("name" varchar(255) not null, "shop" varchar(255) not null, "seq" int not null default 0, primary key ("name", "shop"));`,
    )

    this.addSql(
      `create table "shop" ("id" varchar(255) not null, "name" varchar(255) not null, "phone" varchar(255) null, "region" varchar(255) not null default 'US', "currency" varchar(255) not null default 'USD', "timezone" varchar(255) not null default 'America/Los_Angeles', "ordering_paused" boolean not null default false, "event_seq" int not null default 0, "created_at" timestamptz not null, primary key ("id"));`,
    )
    this.addSql(`alter table "shop" add constraint "shop_phone_unique" unique ("phone");`)

    this.addSql(
      `create table "menu_item" ("id" varchar(255) not null, "shop_id" varchar(255) not null, "kind" varchar(255) not null, "name" varchar(255) not null, "aliases" jsonb not null, "price_minor" int not null, "available" boolean not null default true, "requires_id" varchar(255) null, "position" int not null, primary key ("id"));`,
    )
    this.addSql(
      `alter table "menu_item" add constraint "menu_item_shop_id_kind_name_unique" unique ("shop_id", "kind", "name");`,
    )

    this.addSql(
      `create table "call" ("id" varchar(255) not null, "shop_id" varchar(255) not null, "from" varchar(255) null, "phone" varchar(255) null, "pending_item" jsonb null, "cart" jsonb not null, "intent" varchar(255) not null default 'TALKING', "transfer_reason" varchar(255) null, "transcript" jsonb not null, "metrics" jsonb null, "started_at" timestamptz not null, "ended_at" timestamptz null, "end_reason" varchar(255) null, primary key ("id"));`,
    )
    this.addSql(`create index "call_shop_id_started_at_index" on "call" ("shop_id", "started_at");`)

    this.addSql(
      `create table "orders" ("id" varchar(255) not null, "shop_id" varchar(255) not null, "number" varchar(255) not null, "status" varchar(255) not null default 'RECEIVED', "source" varchar(255) not null, "call_id" varchar(255) null, "name" varchar(255) null, "phone" varchar(255) null, "currency" varchar(255) not null, "total_minor" int not null, "cancel_reason" varchar(255) null, "placed_by" varchar(255) null, "idempotency_key" varchar(255) null, "input_hash" varchar(255) null, "created_at" timestamptz not null, "updated_at" timestamptz not null, "ready_at" timestamptz null, primary key ("id"));`,
    )
    this.addSql(`alter table "orders" add constraint "orders_call_id_unique" unique ("call_id");`)
    this.addSql(`create index "orders_shop_id_phone_index" on "orders" ("shop_id", "phone");`)
    this.addSql(`create index "orders_shop_id_created_at_index" on "orders" ("shop_id", "created_at");`)
    this.addSql(`create index "orders_board_index" on "orders" ("shop_id", "status", "created_at");`)
    this.addSql(
      `alter table "orders" add constraint "orders_placed_by_idempotency_key_unique" unique ("placed_by", "idempotency_key");`,
    )
    this.addSql(
      `create unique index "orders_open_number_unique" on "orders" ("shop_id", "number") where status in ('RECEIVED', 'PREPARING', 'READY');`,
    )

    this.addSql(
      `create table "order_item" ("id" varchar(255) not null, "order_id" varchar(255) not null, "position" int not null, "flavor" varchar(255) not null, "toppings" jsonb not null, "add_ons" jsonb not null, "sweetness" varchar(255) not null, "ice" varchar(255) not null, "price_minor" int not null, primary key ("id"));`,
    )

    this.addSql(
      `create table "sms" ("id" varchar(255) not null, "order_id" varchar(255) not null, "kind" varchar(255) not null, "to" varchar(255) null, "body" varchar(255) not null, "status" varchar(255) not null default 'QUEUED', "message_sid" varchar(255) null, "error_code" int null, "attempts" int not null default 0, "due_at" timestamptz not null, "created_at" timestamptz not null, "updated_at" timestamptz not null, primary key ("id"));`,
    )
    this.addSql(`alter table "sms" add constraint "sms_message_sid_unique" unique ("message_sid");`)
    this.addSql(`create index "sms_status_due_at_index" on "sms" ("status", "due_at");`)
    this.addSql(`alter table "sms" add constraint "sms_order_id_kind_unique" unique ("order_id", "kind");`)

    this.addSql(
      `create table "staff_session" ("hash" varchar(255) not null, "created_at" timestamptz not null, "expires_at" timestamptz not null, primary key ("hash"));`,
    )

    this.addSql(
      `alter table "menu_item" add constraint "menu_item_shop_id_foreign" foreign key ("shop_id") references "shop" ("id");`,
    )
    this.addSql(
      `alter table "menu_item" add constraint "menu_item_requires_id_foreign" foreign key ("requires_id") references "menu_item" ("id") on delete set null;`,
    )

    this.addSql(
      `alter table "call" add constraint "call_shop_id_foreign" foreign key ("shop_id") references "shop" ("id");`,
    )

    this.addSql(
      `alter table "orders" add constraint "orders_shop_id_foreign" foreign key ("shop_id") references "shop" ("id");`,
    )
    this.addSql(
      `alter table "orders" add constraint "orders_call_id_foreign" foreign key ("call_id") references "call" ("id") on delete set null;`,
    )

    this.addSql(
      `alter table "order_item" add constraint "order_item_order_id_foreign" foreign key ("order_id") references "orders" ("id");`,
    )

    this.addSql(
      `alter table "sms" add constraint "sms_order_id_foreign" foreign key ("order_id") references "orders" ("id");`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "menu_item" drop constraint "menu_item_shop_id_foreign";`)
    this.addSql(`alter table "call" drop constraint "call_shop_id_foreign";`)
    this.addSql(`alter table "orders" drop constraint "orders_shop_id_foreign";`)
    this.addSql(`alter table "menu_item" drop constraint "menu_item_requires_id_foreign";`)
    this.addSql(`alter table "orders" drop constraint "orders_call_id_foreign";`)
    this.addSql(`alter table "order_item" drop constraint "order_item_order_id_foreign";`)
    this.addSql(`alter table "sms" drop constraint "sms_order_id_foreign";`)

    this.addSql(`drop table if exists "api_key" cascade;`)
    this.addSql(`drop table if exists "event" cascade;`)
    this.addSql(`drop table if exists "function_call" cascade;`)
    this.addSql(`drop table if exists "reader" cascade;`)
    this.addSql(`drop table if exists "shop" cascade;`)
    this.addSql(`drop table if exists "menu_item" cascade;`)
    this.addSql(`drop table if exists "call" cascade;`)
    this.addSql(`drop table if exists "orders" cascade;`)
    this.addSql(`drop table if exists "order_item" cascade;`)
    this.addSql(`drop table if exists "sms" cascade;`)
    this.addSql(`drop table if exists "staff_session" cascade;`)
  }
}
