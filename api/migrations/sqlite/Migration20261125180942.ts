import { Migration } from '@mikro-orm/migrations'

export class Migration20261125180942 extends Migration {
  override name = 'Migration20261125180942'

  override up(): void | Promise<void> {
    this.addSql(
      `create table \`pii_read\` (\`id\` text not null primary key, \`at\` datetime not null, \`api_key\` text not null, \`fields\` json not null, \`orders\` json not null, \`calls\` json not null, \`count\` integer not null);`,
    )
    this.addSql(`create index \`pii_read_api_key_at_index\` on \`pii_read\` (\`api_key\`, \`at\`);`)
    this.addSql(`create index \`pii_read_at_index\` on \`pii_read\` (\`at\`);`)

    this.addSql(`alter table \`api_key\` add column \`previous_hash\` text null;`)
    this.addSql(`alter table \`api_key\` add column \`previous_until\` datetime null;`)
    this.addSql(`alter table \`api_key\` add column \`last_used_at\` datetime null;`)
    this.addSql(`create unique index \`api_key_previous_hash_unique\` on \`api_key\` (\`previous_hash\`);`)
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists \`pii_read\`;`)

    this.addSql(`drop index \`api_key_previous_hash_unique\`;`)
    this.addSql(`alter table \`api_key\` drop column \`previous_hash\`;`)
    this.addSql(`alter table \`api_key\` drop column \`previous_until\`;`)
    this.addSql(`alter table \`api_key\` drop column \`last_used_at\`;`)
  }
}
