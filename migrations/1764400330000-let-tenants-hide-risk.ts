import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What students are shown of themselves, and what exports have to say. */
export class LetTenantsHideRisk1764400330000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table tenants add column students_see_risk boolean not null default true,
        add column is_purpose_required boolean not null default false;
      comment on column tenants.students_see_risk is 'false: to students nothing says that there is such a thing';
      comment on column tenants.is_purpose_required is 'whether whoever exports data has to say what for';
      alter table reports add column purpose text;
      comment on column reports.purpose is 'what the file is for, in the words of whoever asked';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table reports drop column purpose;
      alter table tenants drop column students_see_risk, drop column is_purpose_required;
    `);
  }
}
