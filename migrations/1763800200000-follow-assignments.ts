import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the jobs that follow the clock and the filters of hand-outs look for. */
export class FollowAssignments1763800200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- also what is paused opens: it is assigned from then on
      drop index assignments__unopened_idx;
      create index assignments__unopened_idx on assignments (tenant_id, available_from)
        where opened_at is null and status <> 'draft';
      create index submissions__overdue_idx on submissions (tenant_id, effective_due_at)
        where attempts_submitted = 0 and overdue_sent_for is distinct from effective_due_at;
      create unique index hand_outs__followed_key on hand_outs (tenant_id, assignment_id, created_by, filter)
        nulls not distinct where is_dynamic and ended_at is null;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index hand_outs__followed_key, submissions__overdue_idx, assignments__unopened_idx;
      create index assignments__unopened_idx on assignments (available_from)
        where status = 'active' and opened_at is null;
    `);
  }
}
