import { Migration } from '@mikro-orm/migrations'

export class Migration20261125091236 extends Migration {
  override name = 'Migration20261125091236'

  override up(): void | Promise<void> {
    this.addSql(`alter table \`function_call\` add column \`cancelled\` integer not null default false;`)
    this.addSql(`alter table \`function_call\` add column \`place\` integer null;`)
    this.addSql(`alter table \`function_call\` add column \`before\` json null;`)

    this.addSql(`alter table \`call\` add column \`effects\` integer not null default 0;`)
    this.addSql(`alter table \`call\` add column \`erased_at\` datetime null;`)
    this.addSql(`create index \`call_unerased_index\` on \`call\` (\`started_at\`) where erased_at is null;`)

    this.addSql(
      `create index \`orders_unerased_index\` on \`orders\` (\`created_at\`) where phone is not null;`,
    )

    this.addSql(`create index \`sms_unerased_index\` on \`sms\` (\`created_at\`) where "to" is not null;`)
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index \`call_unerased_index\`;`)
    this.addSql(`alter table \`call\` drop column \`effects\`;`)
    this.addSql(`alter table \`call\` drop column \`erased_at\`;`)

    this.addSql(`alter table \`function_call\` drop column \`cancelled\`;`)
    this.addSql(`alter table \`function_call\` drop column \`place\`;`)
    this.addSql(`alter table \`function_call\` drop column \`before\`;`)

    this.addSql(`drop index \`orders_unerased_index\`;`)

    this.addSql(`drop index \`sms_unerased_index\`;`)
  }
}
