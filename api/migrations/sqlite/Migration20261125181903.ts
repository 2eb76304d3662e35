import { Migration } from '@mikro-orm/migrations'

export class Migration20261125181903 extends Migration {
  override name = 'Migration20261125181903'

  override up(): void | Promise<void> {
    this.addSql(
      `create table \`webhook\` (\`id\` text not null primary key, \`shop\` text not null, \`api_key\` text not null, \`url\` text not null, \`event_types\` json not null, \`document\` text null, \`salt\` text not null, \`old_salt\` text null, \`old_secret_until\` datetime null, \`seq\` integer not null, \`failures\` integer not null default 0, \`failing_since\` datetime null, \`last_delivered_at\` datetime null, \`due_at\` datetime null, \`created_at\` datetime not null, \`disabled_at\` datetime null, \`disabled_reason\` text null, \`disabled_message\` text null);`,
    )
    this.addSql(
      `create index \`webhook_api_key_created_at_index\` on \`webhook\` (\`api_key\`, \`created_at\`);`,
    )

    this.addSql(
      `create table \`webhook_delivery\` (\`id\` text not null primary key, \`webhook_id\` text not null, \`seq\` integer not null, \`type\` text not null, \`order\` text null, \`at\` datetime not null, \`status\` text not null default 'PENDING', \`tries\` integer not null default 0, \`tried\` json not null, \`due_at\` datetime not null, \`until\` datetime not null, \`created_at\` datetime not null, \`updated_at\` datetime not null, constraint \`webhook_delivery_webhook_id_foreign\` foreign key (\`webhook_id\`) references \`webhook\` (\`id\`) on delete cascade);`,
    )
    this.addSql(
      `create index \`webhook_delivery_webhook_id_index\` on \`webhook_delivery\` (\`webhook_id\`);`,
    )
    this.addSql(
      `create index \`webhook_delivery_created_at_index\` on \`webhook_delivery\` (\`created_at\`);`,
    )
    this.addSql(
      `create index \`webhook_delivery_webhook_id_created_at_id_index\` on \`webhook_delivery\` (\`webhook_id\`, \`created_at\`, \`id\`);`,
    )
    this.addSql(
      `create index \`webhook_delivery_sending_index\` on \`webhook_delivery\` (\`updated_at\`) where status = 'SENDING';`,
    )
    this.addSql(
      `create index \`webhook_delivery_due_index\` on \`webhook_delivery\` (\`webhook_id\`, \`due_at\`) where status = 'PENDING';`,
    )
    this.addSql(
      `create unique index \`webhook_delivery_webhook_id_seq_unique\` on \`webhook_delivery\` (\`webhook_id\`, \`seq\`);`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists \`webhook\`;`)
    this.addSql(`drop table if exists \`webhook_delivery\`;`)
  }
}
