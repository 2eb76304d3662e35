import { Migration } from '@mikro-orm/migrations'

export class Migration20261125174901 extends Migration {
  override name = 'Migration20261125174901'

  override up(): void | Promise<void> {
    this.addSql(`alter table \`shop\` add column \`paused_until\` datetime null;`)
    this.addSql(`alter table \`shop\` add column \`delay_minutes\` integer not null default 0;`)
    this.addSql(`alter table \`shop\` add column \`delayed_until\` datetime null;`)
    this.addSql(`alter table \`shop\` add column \`warn_after_minutes\` integer not null default 5;`)
    this.addSql(`alter table \`shop\` add column \`late_after_minutes\` integer not null default 10;`)

    this.addSql(`alter table \`menu_item\` add column \`sold_out_until\` datetime null;`)

    this.addSql(
      `create index \`call_live_index\` on \`call\` (\`shop_id\`, \`started_at\`) where ended_at is null;`,
    )

    this.addSql(`alter table \`orders\` add column \`hold_until\` datetime null;`)
    this.addSql(`alter table \`orders\` add column \`promised_at\` datetime null;`)
    this.addSql(`alter table \`orders\` add column \`changed_at\` datetime null;`)
    this.addSql(`alter table \`orders\` add column \`seen_at\` datetime null;`)

    this.addSql(`alter table \`order_item\` add column \`done_at\` datetime null;`)
    this.addSql(`alter table \`order_item\` add column \`label_prints\` integer not null default 0;`)

    this.addSql(`drop index \`sms_order_id_kind_unique\`;`)
    this.addSql(`alter table \`sms\` add column \`round\` integer not null default 0;`)
    this.addSql(
      `create unique index \`sms_order_id_kind_round_unique\` on \`sms\` (\`order_id\`, \`kind\`, \`round\`);`,
    )

    // What staff have in hand stands out no more, and what is ready is made.
    this.addSql(
      `update \`orders\` set \`seen_at\` = \`updated_at\` where \`status\` in ('PREPARING', 'READY');`,
    )
    this.addSql(
      `update \`order_item\` set \`done_at\` = (select \`ready_at\` from \`orders\` where \`orders\`.\`id\` = \`order_item\`.\`order_id\`) where \`order_id\` in (select \`id\` from \`orders\` where \`status\` = 'READY');`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index \`call_live_index\`;`)

    this.addSql(`alter table \`menu_item\` drop column \`sold_out_until\`;`)

    this.addSql(`alter table \`order_item\` drop column \`done_at\`;`)
    this.addSql(`alter table \`order_item\` drop column \`label_prints\`;`)

    this.addSql(`alter table \`orders\` drop column \`hold_until\`;`)
    this.addSql(`alter table \`orders\` drop column \`promised_at\`;`)
    this.addSql(`alter table \`orders\` drop column \`changed_at\`;`)
    this.addSql(`alter table \`orders\` drop column \`seen_at\`;`)

    this.addSql(`alter table \`shop\` drop column \`paused_until\`;`)
    this.addSql(`alter table \`shop\` drop column \`delay_minutes\`;`)
    this.addSql(`alter table \`shop\` drop column \`delayed_until\`;`)
    this.addSql(`alter table \`shop\` drop column \`warn_after_minutes\`;`)
    this.addSql(`alter table \`shop\` drop column \`late_after_minutes\`;`)

    this.addSql(`drop index \`sms_order_id_kind_round_unique\`;`)
    this.addSql(`alter table \`sms\` drop column \`round\`;`)
    this.addSql(`create unique index \`sms_order_id_kind_unique\` on \`sms\` (\`order_id\`, \`kind\`);`)
  }
}
