import type { MigrationInterface, QueryRunner } from 'typeorm';

const changes = {
  insert: 'select 1 as sign, n.* from new_rows n',
  delete: 'select -1 as sign, o.* from old_rows o',
  update: 'select 1 as sign, n.* from new_rows n union all select -1, o.* from old_rows o',
} as const;
const sums = [
  'sessions', 'sessions_completed', 'time_spent_seconds', 'questions', 'correct', 'score_sum', 'score_count',
]; // prettier-ignore
const active = { name: 'active_students', condition: 'sessions_completed > 0' };
const scored = { name: 'students_scored', condition: 'score_count > 0' };

/** How many people the scores of a day are of: what may be told of a day, and what is one person's, depends on it. */
export class CountScoredStudents1764000050000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table roster_days add column students_scored integer not null default 0;
      comment on column roster_days.students_scored is 'with a score on that day';
      update roster_days d set students_scored = p.students
      from (
        select tenant_id, coalesce(instructor_id, '00000000-0000-0000-0000-000000000000') as instructor_id,
          department_id, day, count(*) as students
        from progress_snapshots where score_count > 0 group by 1, 2, 3, 4
      ) p
      where d.tenant_id = p.tenant_id and d.instructor_id = p.instructor_id and d.department_id = p.department_id
        and d.day = p.day;
    `);
    await replaceTriggers(runner, [active, scored]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await replaceTriggers(runner, [active]);
    await runner.query('alter table roster_days drop column students_scored');
  }
}

/** Keeps `roster_days` equal to a sum over `progress_snapshots`, whatever statement changes them. */
async function replaceTriggers(runner: QueryRunner, counts: readonly (typeof active)[]): Promise<void> {
  const columns = [...counts.map(({ name }) => name), ...sums];
  const values = [
    ...counts.map(({ condition }) => `coalesce(sum(sign) filter (where ${condition}), 0)`),
    ...sums.map((column) => `sum(sign * ${column})`),
  ];
  for (const [event, rows] of Object.entries(changes)) {
    await runner.query(`
    create or replace function progress_snapshots_to_roster_days_${event}() returns trigger language plpgsql as $$
    begin
      insert into roster_days as d (tenant_id, instructor_id, department_id, day, ${columns.join(', ')})
      select tenant_id, coalesce(instructor_id, '00000000-0000-0000-0000-000000000000'), department_id, day,
        ${values.join(', ')}
      from (${rows}) as change
      group by 1, 2, 3, 4
      having ${values.map((value) => `${value} <> 0`).join(' or ')}
      order by 1, 2, 3, 4
      on conflict (tenant_id, instructor_id, department_id, day) do update
      set ${columns.map((column) => `${column} = d.${column} + excluded.${column}`).join(', ')};
      return null;
    end $$`);
  }
}
