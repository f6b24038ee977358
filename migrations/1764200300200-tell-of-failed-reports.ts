import type { MigrationInterface, QueryRunner } from 'typeorm';

const before = [
  'assignment_created', 'assignment_due', 'assignment_overdue', 'assignment_graded', 'student_at_risk',
  'progress_milestone', 'system_alert', 'message_received', 'report_ready',
]; // prettier-ignore
const only = (types: readonly string[]): string => `
  alter table notifications
    drop constraint notifications__type_check,
    add constraint notifications__type_check check (type in (${types.map((type) => `'${type}'`).join(', ')})) not valid;
  alter table notifications validate constraint notifications__type_check;
`;

export class TellOfFailedReports1764200300200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(only([...before, 'report_failed']));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`delete from notifications where type = 'report_failed'`);
    await runner.query(only(before));
  }
}
