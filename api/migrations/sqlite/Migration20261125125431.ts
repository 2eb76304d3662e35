import { Migration } from '@mikro-orm/migrations'

export class Migration20261125125431 extends Migration {
  override name = 'Migration20261125125431'

  override up(): void | Promise<void> {
    this.addSql(
      `alter table \`call\` add column \`resumes_id\` text null constraint \`call_resumes_id_foreign\` references \`call\` (\`id\`) on delete set null;`,
    )
    this.addSql(`create unique index \`call_resumes_id_unique\` on \`call\` (\`resumes_id\`);`)
    this.addSql(`create index \`call_from_ended_at_index\` on \`call\` (\`from\`, \`ended_at\`);`)
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index \`call_resumes_id_unique\`;`)
    this.addSql(`drop index \`call_from_ended_at_index\`;`)
    this.addSql(`alter table \`call\` drop column \`resumes_id\`;`)
  }
}
