import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import {
  type Counts,
  countsOf,
  expectNoNews,
  expectScores,
  makeTenant,
  none,
  query,
  total,
} from '../../test/imported-work.js';
import { addDays } from '../org/local-day.js';
import { OuladImport } from './oulad-import.js';

const extract = 'data/demo/oulad/ddd-2013b';

let app: TestApp;
afterEach(() => app.stop());

describe('what students of the Open University handed in', () => {
  type Row = Record<string, string>;
  let folder: string;
  let assessments: Row[];
  let enrolments: Row[];
  let submissions: Row[];

  const read = async (file: string): Promise<Row[]> => {
    const bytes = await readFile(join(extract, file));
    const [header, ...lines] = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().trim().split('\n');
    const columns = header!.split(',');
    return lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [columns[i]!, cell])));
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'work-'));
    for (const file of ['presentations.csv', 'assessments.csv', 'enrolments.csv.gz', 'submissions.csv.gz']) {
      await cp(join(extract, file), join(folder, file));
    }
    // what they clicked on is not in question here
    const [header] = gunzipSync(await readFile(join(extract, 'activity.csv.gz')))
      .toString()
      .split('\n');
    await writeFile(join(folder, 'activity.csv'), `${header}\n`);
    assessments = (await read('assessments.csv')).filter(({ type }) => type !== 'Exam');
    enrolments = await read('enrolments.csv.gz');
    submissions = (await read('submissions.csv.gz')).filter(({ id_assessment: id }) =>
      assessments.some(({ id_assessment }) => id_assessment === id),
    );
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Day N from the lines of the files alone. */
  const recount = (asOfDay: number): Map<string, Counts> => {
    const handedIn = new Map(
      submissions
        .filter(({ submitted_day: day }) => Number(day) <= asOfDay)
        .map((one) => [`${one['id_student']}/${one['id_assessment']}`, Number(one['submitted_day'])]),
    );
    const counts = new Map<string, Counts>();
    for (const { id_student: pid, registered_day: registered, unregistered_day: unregistered } of enrolments) {
      if (Number(registered) > asOfDay) continue;
      const own = none();
      counts.set(pid!, own);
      for (const { id_assessment: id, due_day: due } of assessments) {
        const day = handedIn.get(`${pid}/${id}`);
        const hasLeft = unregistered !== '' && Number(unregistered) <= asOfDay;
        if (day === undefined && hasLeft && Number(due) >= Number(unregistered)) continue;
        own.assigned += 1;
        if (day === undefined) own.overdue += Number(due) < asOfDay ? 1 : 0;
        else own.completed += 1;
        if (day !== undefined && day > Number(due)) own.late += 1;
      }
    }
    return counts;
  };

  /** Day 0 is 2 December 2025. */
  const importOn = async (day: number): Promise<void> => {
    app.clock.set(`${addDays('2025-12-02', day)}T20:00:00Z`);
    await app.app.get(OuladImport, { strict: false }).run({ folder, asOfDay: day, tenantSlug: 'work' });
  };

  const everything = async (): Promise<unknown[]> => [
    await query(
      app,
      `select id, title, category, target_score, max_attempts, weight, needs_grading, available_from, due_at
      from assignments order by id`,
    ),
    await query(
      app,
      `select to_jsonb(s) - array['version', 'updated_at', 'due_soon_sent_for', 'overdue_sent_for'] as row
      from submissions s order by assignment_id, student_id`,
    ),
    await query(app, `select to_jsonb(a) as row from attempts a order by id`),
    await query(app, `select student_id, assignments_assigned, completion_rate from student_progress order by 1`),
  ];

  it('is counted as the files say, from day to day, and as if it had come at once', async () => {
    app = await startApp();
    const { id: tenantId } = await makeTenant(app, 'Europe/London');
    // clocks go forward on day 117, and by day 240 all is over
    for (const day of [0, 120, 240]) {
      await importOn(day);
      expect(await countsOf(app, tenantId)).toEqual(recount(day));
    }
    const news = await query(app, `select * from submissions where overdue_sent_for is not null order by 1, 2, 3`);
    await importOn(240);
    expect(await query(app, `select * from submissions where overdue_sent_for is not null order by 1, 2, 3`)).toEqual(
      news,
    );
    const inSteps = await everything();
    await query(app, `truncate attempts, submissions, assignments cascade`);
    await importOn(240);
    expect(await everything()).toEqual(inSteps);
    await expectNoNews(app);
    await expectScores(app, tenantId);

    const last = recount(240);
    const counts = await countsOf(app, tenantId);
    // 5,660 of 9,387 by `awk`, over all days
    const late = submissions.filter(
      (one) =>
        Number(one['submitted_day']) >
        Number(assessments.find(({ id_assessment }) => id_assessment === one['id_assessment'])!['due_day']),
    );
    expect([submissions.length, late.length]).toEqual([9_387, 5_660]);
    const after = submissions.filter(({ submitted_day: day }) => Number(day) > 240);
    expect(total(counts, 'completed')).toBe(9_387 - after.length);
    expect(total(counts, 'late') / total(counts, 'completed')).toBe(total(last, 'late') / total(last, 'completed'));

    const scores = await query<{ count: number; mean: number; empty: number }>(
      app,
      `select count(*)::integer as count, round(avg(score), 4)::float as mean,
        count(*) filter (where score is null)::integer as empty
      from submissions where tenant_id = $1 and attempts_submitted = 1`,
      [tenantId],
    );
    const given = submissions
      .filter((one) => !after.includes(one))
      .flatMap(({ score }) => (score ? Number(score) : []));
    expect(scores).toEqual([
      {
        count: 9_387 - after.length,
        mean: Number((given.reduce((sum, one) => sum + one, 0) / given.length).toFixed(4)),
        empty: 9_387 - after.length - given.length,
      },
    ]);
  }, 120_000);

  it('leaves alone what has become of it here', async () => {
    app = await startApp();
    const { id: tenantId } = await makeTenant(app, 'Europe/London');
    await importOn(53);
    const tma5 = assessments.find(({ id_assessment: id }) => id === '25338')!;
    expect(tma5).toMatchObject({ type: 'TMA', due_day: '151' });
    // the first three who hand it in after day 53: one begins it here, one is excused, one turns out to be the second
    const pids = submissions
      .filter((one) => one['id_assessment'] === '25338' && Number(one['submitted_day']) > 53)
      .slice(0, 3)
      .map((one) => one['id_student']!);
    const [begun, excused, merged] = (
      await query<{ id: string; pid: string }>(app, 'select id, pid from users where pid = any ($1)', [pids])
    )
      .sort((a, b) => pids.indexOf(a.pid) - pids.indexOf(b.pid))
      .map(({ id }) => id);
    const [{ assignmentId }] = (await query<{ assignmentId: string }>(
      app,
      `select id as "assignmentId" from assignments where title = 'TMA 5 of DDD_2013B'`,
    )) as [{ assignmentId: string }];
    const key = [tenantId, assignmentId];
    await query(
      app,
      `update submissions set attempts_started = 1, started_at = updated_at
      where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
      [...key, begun],
    );
    await query(
      app,
      `insert into attempts (tenant_id, assignment_id, student_id, id, number, source, started_at)
      values ($1, $2, $3, $4, 1, 'student', '2026-01-24')`,
      [...key, begun, uuidv7()],
    );
    await query(
      app,
      `update submissions set exemption = 'excused' where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
      [...key, excused],
    );
    await query(app, `delete from attempts where tenant_id = $1 and student_id = $2`, [tenantId, merged]);
    await query(app, `delete from submissions where tenant_id = $1 and student_id = $2`, [tenantId, merged]);
    await query(
      app,
      `update users set is_active = false, pid = null, merged_into_id = $2 where tenant_id = $3 and id = $1`,
      [merged, begun, tenantId],
    );

    await importOn(240);
    const rows = await query(
      app,
      `select student_id as "studentId", status, exemption, score is not null as "hasScore",
        (select array_agg(source) from attempts t
          where t.tenant_id = $1 and t.assignment_id = $2 and t.student_id = s.student_id) as sources
      from submissions s where tenant_id = $1 and assignment_id = $2 and student_id = any ($3)`,
      [...key, [begun, excused, merged]],
    );
    expect(rows).toHaveLength(2);
    expect(rows).toContainEqual({
      studentId: begun, status: 'in_progress', exemption: null, hasScore: false, sources: ['student'],
    }); // prettier-ignore
    expect(rows).toContainEqual({
      studentId: excused, status: 'submitted', exemption: 'excused', hasScore: true, sources: ['import'],
    }); // prettier-ignore
  }, 60_000);

  it('is due at the end of a day, and in time until then', async () => {
    app = await startApp();
    const { id: tenantId } = await makeTenant(app, 'Europe/London');
    await importOn(120);
    // TMA 1 was due on day 25, that of 27 December; TMA 4 on day 116, the day before the clocks went forward
    const set = await query<{ title: string; dueAt: string; availableFrom: string; weight: number }>(
      app,
      `select title, due_at as "dueAt", available_from as "availableFrom", weight from assignments
      where tenant_id = $1 and category = 'TMA' order by due_at`,
      [tenantId],
    );
    expect(set).toEqual(
      [
        ['TMA 1', '2025-12-27T23:59:59Z', 7.5],
        ['TMA 2', '2026-01-24T23:59:59Z', 10],
        ['TMA 3', '2026-02-21T23:59:59Z', 12.5],
        ['TMA 4', '2026-03-28T23:59:59Z', 15],
        ['TMA 5', '2026-05-02T22:59:59Z', 15],
        ['TMA 6', '2026-06-20T22:59:59Z', 15],
      ].map(([title, dueAt, weight]) => ({
        title: `${title} of DDD_2013B`,
        dueAt,
        availableFrom: '2025-11-01T00:00:00Z',
        weight,
      })),
    );
    // handed in on the due day, and on the day after: at noon, so 12 hours and a second after the end of the one before
    const lateness = await query<{ day: number; seconds: number }>(
      app,
      `select distinct (t.submitted_at at time zone 'Europe/London')::date - a.due_at::date as day,
        t.late_seconds as seconds
      from attempts t join assignments a on a.tenant_id = t.tenant_id and a.id = t.assignment_id
      where a.title = 'TMA 3 of DDD_2013B' order by 1`,
    );
    expect(lateness.filter(({ day }) => day <= 0).map(({ seconds }) => seconds)).toEqual(
      lateness.filter(({ day }) => day <= 0).map(() => 0),
    );
    expect(lateness.filter(({ day }) => day > 0 && day < 4)).toEqual([
      { day: 1, seconds: 43_201 },
      { day: 2, seconds: 129_601 },
      { day: 3, seconds: 216_001 },
    ]);
  });
});
