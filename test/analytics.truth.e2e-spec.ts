import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { startApp, type TestApp } from './app.js';
import { adminIdOf } from './factories.js';
import { checkOulad } from './oulad-check.js';
import { OuladImport } from '../src/imports/oulad-import.js';

const extract = 'data/demo/oulad/tiny';
/** That of `startApp`; London has the same. */
const today = '2026-03-02';
const asOfDay = 90;

let app: TestApp;
let folder: string;
beforeAll(async () => {
  app = await startApp();
  folder = await mkdtemp(join(tmpdir(), 'oulad-'));
});
afterAll(async () => {
  await app.stop();
  await rm(folder, { recursive: true });
});

/**
 * The small extract as two presentations: one student in three is in the second alone, one in both, and so a member of
 * the first, whichever they practise in.
 */
async function divide(): Promise<void> {
  const text = async (file: string): Promise<string> => {
    const bytes = await readFile(join(extract, file));
    return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  };
  const [presentations, assessments, submissions] = [
    await text('presentations.csv'), await text('assessments.csv'), await text('submissions.csv'),
  ]; // prettier-ignore
  const second = (line: string): string => line.replace('AAA_2013J', 'BBB_2014B');
  const both = (file: string): string => {
    const [header, ...lines] = file.trim().split('\n');
    const shared = lines.flatMap((line) => {
      const student = Number(/,(\d+),/.exec(line)![1]);
      return [[line], [second(line)], [line, second(line)]][student % 3]!;
    });
    return `${[header, ...shared].join('\n')}\n`;
  };
  await writeFile(join(folder, 'presentations.csv'), `${presentations.trim()}\n${second(presentations.trim().split('\n')[1]!)}\n`); // prettier-ignore
  await writeFile(join(folder, 'assessments.csv'), assessments);
  await writeFile(join(folder, 'submissions.csv'), submissions);
  await writeFile(join(folder, 'enrolments.csv'), both(await text('enrolments.csv')));
  await writeFile(join(folder, 'activity.csv'), both(await text('activity.csv.gz')));
}

it('says of an imported extract what its files come to', async () => {
  await divide();
  const [result] = await app.app.get(OuladImport, { strict: false }).run({ folder, asOfDay, tenantSlug: 'truth' });
  const { id: tenantId } = result!.tenant;
  const departments = await app.database.many<{ id: string; code: string }>(
    `-- test.listPresentations
    select id, code from departments where tenant_id = $1 and parent_id is not null order by code`,
    [tenantId],
  );
  expect(departments.map(({ code }) => code)).toEqual(['AAA_2013J', 'BBB_2014B']);
  await app.database.run(
    `-- test.insertAdministrator
    insert into users (tenant_id, id, role, name, joined_on, created_at) values ($1, $2, 'admin', 'Checker', $3::date, $3::date)`,
    [tenantId, adminIdOf({ tenantId }), today],
  );
  const admin = app.as('admin', { tenantId });
  const { sessions, compared, differences } = await checkOulad(
    folder,
    { asOfDay, today },
    async <T>(path: string) => (await admin.get(path).expect(200)).body as T,
    departments,
  );
  expect(differences.slice(0, 20)).toEqual([]);
  expect(sessions).toBe(result!.accepted);
  expect(compared['points by day']).toBe(3 * (151 + 60));
  expect(compared).toMatchObject({ totals: 3 * 2 * 4, modules: 2 * 3 * 2 * 8, departments: 3 });
}, 120_000);
