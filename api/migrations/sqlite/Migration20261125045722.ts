import { Migration } from '@mikro-orm/migrations'

export class Migration20261125045722 extends Migration {
  override name = 'Migration20261125045722'

  override up(): void | Promise<void> {
    this.addSql(
      `create table \`api_key\` (\`id\` text not null primary key, \`name\` text not null, \`hash\` text not null, \`prefix\` text not null, \`scopes\` json not null, \`created_at\` datetime not null, \`revoked_at\` datetime null);`,
    )
    this.addSql(`create unique index \`api_key_hash_unique\` on \`api_key\` (\`hash\`);`)

    this.addSql(
      `create table \`event\` (\`shop\` text not null, \`seq\` integer not null, \`type\` text not null, \`order\` text null, \`data\` json null, \`at\` datetime not null, primary key (\`shop\`, \`seq\`));`,
    )

    this.addSql(
      `create table \`function_call\` (\`call\` text not null, \`request\` text not null, \`name\` text not null, \`arguments_hash\` text not null, \`arguments\` json not null, \`answer\` json not null, \`at\` datetime not null, primary key (\`call\`, \`request\`));`,
    )

    this.addSql(
      `create table \`reader\` (\`name\` text not null, \`shop\` text not null, \`seq\` integer not null default 0, primary key (\`name\`, \`shop\`));`,
    )

    this.addSql(
      `create table \`shop\` (\`id\` text not null primary key, \`name\` text not null, \`phone\` text null, \`region\` text not null default 'US', \`currency\` text not null default 'USD', \`timezone\` text not null default 'America/Los_Angeles', \`ordering_paused\` integer not null default false, \`event_seq\` integer not null default 0, \`created_at\` datetime not null);`,
    )
    this.addSql(`create unique index \`shop_phone_unique\` on \`shop\` (\`phone\`);`)

    this.addSql(
      `create table \`menu_item\` (\`id\` text not null primary key, \`shop_id\` text not null, \`kind\` text not null, \`name\` text not null, \`aliases\` json not null, \`price_minor\` integer not null, \`available\` integer not null default true, \`requires_id\` text null, \`position\` integer not null, constraint \`menu_item_shop_id_foreign\` foreign key (\`shop_id\`) references \`shop\` (\`id\`), constraint \`menu_item_requires_id_foreign\` foreign key (\`requires_id\`) references \`menu_item\` (\`id\`) on delete set null);`,
    )
    this.addSql(`create index \`menu_item_shop_id_index\` on \`menu_item\` (\`shop_id\`);`)
    this.addSql(`create index \`menu_item_requires_id_index\` on \`menu_item\` (\`requires_id\`);`)
    this.addSql(
      `create unique index \`menu_item_shop_id_kind_name_unique\` on \`menu_item\` (\`shop_id\`, \`kind\`, \`name\`);`,
    )

    this.addSql(
      `create table \`call\` (\`id\` text not null primary key, \`shop_id\` text not null, \`from\` text null, \`phone\` text null, \`pending_item\` json null, \`cart\` json not null, \`intent\` text not null default 'TALKING', \`transfer_reason\` text null, \`transcript\` json not null, \`metrics\` json null, \`started_at\` datetime not null, \`ended_at\` datetime null, \`end_reason\` text null, constraint \`call_shop_id_foreign\` foreign key (\`shop_id\`) references \`shop\` (\`id\`));`,
    )
    this.addSql(`create index \`call_shop_id_index\` on \`call\` (\`shop_id\`);`)
    this.addSql(`create index \`call_shop_id_started_at_index\` on \`call\` (\`shop_id\`, \`started_at\`);`)

    this.addSql(
      `create table \`orders\` (\`id\` text not null primary key, \`shop_id\` text not null, \`number\` text not null, \`status\` text not null default 'RECEIVED', \`source\` text not null, \`call_id\` text null, \`name\` text null, \`phone\` text null, \`currency\` text not null, \`total_minor\` integer not null, \`cancel_reason\` text null, \`placed_by\` text null, \`idempotency_key\` text null, \`input_hash\` text null, \`created_at\` datetime not null, \`updated_at\` datetime not null, \`ready_at\` datetime null, constraint \`orders_shop_id_foreign\` foreign key (\`shop_id\`) references \`shop\` (\`id\`), constraint \`orders_call_id_foreign\` foreign key (\`call_id\`) references \`call\` (\`id\`) on delete set null);`,
    )
    this.addSql(`create index \`orders_shop_id_index\` on \`orders\` (\`shop_id\`);`)
    this.addSql(`create unique index \`orders_call_id_unique\` on \`orders\` (\`call_id\`);`)
    this.addSql(`create index \`orders_shop_id_phone_index\` on \`orders\` (\`shop_id\`, \`phone\`);`)
    this.addSql(
      `create index \`orders_shop_id_created_at_index\` on \`orders\` (\`shop_id\`, \`created_at\`);`,
    )
    this.addSql(
      `create index \`orders_board_index\` on \`orders\` (\`shop_id\`, \`status\`, \`created_at\`);`,
    )
    this.addSql(
      `create unique index \`orders_placed_by_idempotency_key_unique\` on \`orders\` (\`placed_by\`, \`idempotency_key\`);`,
    )
    this.addSql(
      `create unique index \`orders_open_number_unique\` on \`orders\` (\`shop_id\`, \`number\`) where status in ('RECEIVED', 'PREPARING', 'READY');`,
    )

    this.addSql(
      `create table \`order_item\` (\`id\` text not null primary key, \`order_id\` text not null, \`position\` integer not null, \`flavor\` text not null, \`toppings\` json not null, \`add_ons\` json not null, \`sweetness\` text not null, \`ice\` text not null, \`price_minor\` integer not null, constraint \`order_item_order_id_foreign\` foreign key (\`order_id\`) references \`orders\` (\`id\`));`,
    )
    this.addSql(`create index \`order_item_order_id_index\` on \`order_item\` (\`order_id\`);`)

    this.addSql(
      `create table \`sms\` (\`id\` text not null primary key, \`order_id\` text not null, \`kind\` text not null, \`to\` text null, \`body\` text not null, \`status\` text not null default 'QUEUED', \`message_sid\` text null, \`error_code\` integer null, \`attempts\` integer not null default 0, \`due_at\` datetime not null, \`created_at\` datetime not null, \`updated_at\` datetime not null, constraint \`sms_order_id_foreign\` foreign key (\`order_id\`) references \`orders\` (\`id\`));`,
    )
    this.addSql(`create index \`sms_order_id_index\` on \`sms\` (\`order_id\`);`)
    this.addSql(`create unique index \`sms_message_sid_unique\` on \`sms\` (\`message_sid\`);`)
    this.addSql(`create index \`sms_status_due_at_index\` on \`sms\` (\`status\`, \`due_at\`);`)
    this.addSql(`create unique index \`sms_order_id_kind_unique\` on \`sms\` (\`order_id\`, \`kind\`);`)

    this.addSql(
      `create table \`staff_session\` (\`hash\` text not null primary key, \`created_at\` datetime not null, \`expires_at\` datetime not null);`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists \`api_key\`;`)
    this.addSql(`drop table if exists \`event\`;`)
    this.addSql(`drop table if exists \`function_call\`;`)
    this.addSql(`drop table if exists \`reader\`;`)
    this.addSql(`drop table if exists \`shop\`;`)
    this.addSql(`drop table if exists \`menu_item\`;`)
    this.addSql(`drop table if exists \`call\`;`)
    this.addSql(`drop table if exists \`orders\`;`)
    this.addSql(`drop table if exists \`order_item\`;`)
    this.addSql(`drop table if exists \`sms\`;`)
    this.addSql(`drop table if exists \`staff_session\`;`)
  }
}
