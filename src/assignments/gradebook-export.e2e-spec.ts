import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import type pg from 'pg';
import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import { createAssignment, handOut } from '../../test/factories.assignments.js';
import { createInstructor, createStudents, createTenant, type Member, type Tenant } from '../../test/factories.js';
import { createGradebook } from '../../test/gradebook.js';
import { readSheet } from '../../test/workbook.js';
import type { GradebookCell, GradebookResponse } from './gradebook.dto.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;

beforeAll(async () => {
  app = await startApp();
  ({ tenant, instructor } = await createGradebook(app.database));
});

afterAll(() => app.stop());

const show = async (query: string): Promise<GradebookResponse> =>
  (await app.as(instructor).get(`/gradebook?${query}`).expect(200)).body as GradebookResponse;
const titles = ({ assignments }: GradebookResponse): string[] => assignments.map(({ title }) => title);

/** What the documentation promises of a cell in a file, said again. */
function written(cell: GradebookCell | null): string | number | null {
  if (!cell) return null;
  const { exemption, score, isMissing, isOverdue, isAwaitingGrade, status } = cell;
  if (exemption) return exemption;
  if (score !== null) return score;
  return isMissing ? 'missing' : isOverdue ? 'overdue' : isAwaitingGrade ? 'awaiting grade' : status.replace('_', ' ');
}

async function onScreen(query = ''): Promise<(string | number | null)[][]> {
  const rows: (string | number | null)[][] = [];
  let header: string[] = [];
  for (let page = 1; rows.length < 4; page++) {
    const [left, right] = [
      await show(`limit=3&page=${page}&assignmentsLimit=3&${query}`),
      await show(`limit=3&page=${page}&assignmentsLimit=3&assignmentsPage=2&${query}`),
    ];
    header = ['Name', 'Number', 'Mean', ...titles(left), ...titles(right)];
    left.students.forEach(({ name, pid, mean, cells }, index) =>
      rows.push([name, pid, mean, ...cells.map(written), ...right.students[index]!.cells.map(written)]),
    );
  }
  return [header, ...rows];
}

const download = (format: string, query = '') =>
  app
    .as(instructor)
    .get(`/gradebook/export?format=${format}&${query}`)
    .buffer(true)
    .parse((response, done) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => done(null, Buffer.concat(chunks)));
    });

describe('export', () => {
  it.each(['sort=name', 'sort=mean'])('has in CSV what the screen shows over all pages by %s', async (sort) => {
    const { body, headers } = await download('csv', `${sort}&limit=1&page=3&assignmentsLimit=1`).expect(200);
    expect(headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(headers['content-disposition']).toBe('attachment; filename="gradebook-2026-03-02.csv"');
    const text = (body as Buffer).toString();
    expect(text.startsWith('\uFEFFName,Number,Mean,Radio,Codes,Essay,Later\r\n')).toBe(true);
    const safe = (cell: string | number | null): string =>
      typeof cell === 'string' && /^[=+@-]/.test(cell) ? `'${cell}` : String(cell ?? '');
    expect(parse(text, { bom: true })).toEqual((await onScreen(sort)).map((row) => row.map(safe)));
  });

  it('makes formulas harmless', async () => {
    const text = ((await download('csv').expect(200)).body as Buffer).toString();
    expect(text).toContain(`\r\n"'=HYPERLINK(""http://evil.example"",""x"")",,,`);
    expect(text).toContain("\r\nBen Berg,'=1+1,50,50,missing,excused,not started\r\n");
    expect(text).toContain('\r\n"Dora ""D"", Dahl",,,exempt,,');
  });

  it('has in XLSX the same, numbers as numbers and text as text', async () => {
    const { body, headers } = await download('xlsx', 'sort=mean').expect(200);
    expect(headers['content-type']).toBe('application/vnd.openxmlformats-officedocument.spreadsheetml.sheet');
    expect(headers['content-disposition']).toBe('attachment; filename="gradebook-2026-03-02.xlsx"');
    const cells = readSheet(body as Buffer);
    const screen = await onScreen('sort=mean');
    // what is empty at the end of a row is not there
    expect(cells.map((row, index) => [...row, ...screen[index]!.slice(row.length).map(() => null)])).toEqual(screen);
  });

  it('is on record before it leaves', async () => {
    await download('csv', 'search=Ada').expect(200);
    const entry = (await auditTrail(app.database, tenant.tenantId, 'gradebook.exported')).at(-1);
    expect(entry).toMatchObject({
      actorId: instructor.userId,
      after: { format: 'csv', filter: { search: '***' }, students: 1, assignments: 4 },
    });
  });

  it('is empty, with its header, where there is nobody', async () => {
    const { body } = await download('csv', 'search=Nobody').expect(200);
    expect((body as Buffer).toString()).toBe('\uFEFFName,Number,Mean\r\n');
    expect(readSheet((await download('xlsx', 'search=Nobody').expect(200)).body as Buffer)).toEqual([
      ['Name', 'Number', 'Mean'],
    ]);
  });

  it('leaves nothing behind when whoever asked for it hangs up', async () => {
    const owner = await createInstructor(app.database, await createTenant(app.database));
    const students = await createStudents(app.database, owner, Array(1_000).fill({}));
    await app.database.run(
      `-- test.lengthenNames
      update student_progress set name = repeat('x', 10000) where tenant_id = $1`,
      [owner.tenantId],
    );
    await handOut(app.database, await createAssignment(app.database, owner), students);
    const headers = { authorization: `Bearer ${app.token(owner)}` };
    const asked = get(`${app.url}/api/v1/gradebook/export?format=csv`, { headers });
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
    await once(answer, 'data');
    answer.pause();
    answer.destroy();
    const busy = () =>
      app.database.one<{ count: number }>(
        `-- test.busyConnections
        select count(*) as count from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`,
      );
    const { master: pool } = app.database.source.driver as unknown as { master: pg.Pool };
    while (pool.idleCount < pool.totalCount || (await busy()).count > 0) await sleep(10);
    // and the next one is answered whole
    const { text } = await app.as(owner).get('/gradebook/export?format=csv').buffer(true).expect(200);
    expect(text.split('\r\n')).toHaveLength(1_002);
  });

  it('may be asked for by its own content type', async () => {
    const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
    await download('xlsx').set('accept', type).expect(200);
  });
});
