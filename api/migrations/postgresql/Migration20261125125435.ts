import { Migration } from '@mikro-orm/migrations'

export class Migration20261125125435 extends Migration {
  override name = 'Migration20261125125435'

  override up(): void | Promise<void> {
    this.addSql(`alter table "call" add "resumes_id" varchar(255) null;`)
    this.addSql(
      `alter table "call" add constraint "call_resumes_id_foreign" foreign key ("resumes_id") references "call" ("id") on delete set null;`,
    )
    this.addSql(`alter table "call" add constraint "call_resumes_id_unique" unique ("resumes_id");`)
    this.addSql(`create index "call_from_ended_at_index" on "call" ("from", "ended_at");`)
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "call" drop constraint "call_resumes_id_foreign";`)

    this.addSql(`alter table "call" drop constraint "call_resumes_id_unique";`)
    this.addSql(`drop index "call_from_ended_at_index";`)
    this.addSql(`alter table "call" drop column "resumes_id";`)
  }
}
