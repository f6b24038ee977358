import { readFileSync } from 'node:fs';
import { ViewsService } from '../src/analytics/views.service.js';
import { Publisher } from '../src/live/publisher.js';
import { Refusals } from '../src/audit/refusals.js';
import { startApp, type TestApp } from './app.js';
import { Caller, type Operation, readOperations } from './isolation/caller.js';
import { Digest } from './isolation/digest.js';
import type { Expectations } from './isolation/expectation.js';
import { activity } from './isolation/expectations.activity.js';
import { assignments } from './isolation/expectations.assignments.js';
import { audit } from './isolation/expectations.audit.js';
import { attempts } from './isolation/expectations.attempts.js';
import { auth } from './isolation/expectations.auth.js';
import { channels } from './isolation/expectations.channels.js';
import { grading } from './isolation/expectations.grading.js';
import { endpoints } from './isolation/expectations.endpoints.js';
import { effects } from './isolation/expectations.effects.js';
import { dueDates } from './isolation/expectations.due-dates.js';
import { gradebook } from './isolation/expectations.gradebook.js';
import { handOuts } from './isolation/expectations.hand-outs.js';
import { installation } from './isolation/expectations.installation.js';
import { interventions } from './isolation/expectations.interventions.js';
import { messages } from './isolation/expectations.messages.js';
import { modules } from './isolation/expectations.modules.js';
import { live } from './isolation/expectations.live.js';
import { metrics } from './isolation/expectations.metrics.js';
import { notifications } from './isolation/expectations.notifications.js';
import { org } from './isolation/expectations.org.js';
import { people } from './isolation/expectations.people.js';
import { performance } from './isolation/expectations.performance.js';
import { privacy } from './isolation/expectations.privacy.js';
import { reportSchedules } from './isolation/expectations.report-schedules.js';
import { reports } from './isolation/expectations.reports.js';
import { retention } from './isolation/expectations.retention.js';
import { risk } from './isolation/expectations.risk.js';
import { services } from './isolation/expectations.services.js';
import { students } from './isolation/expectations.students.js';
import { thresholds } from './isolation/expectations.thresholds.js';
import { viewFigures } from './isolation/expectations.views.js';
import { Fixture } from './isolation/fixture.js';
import { happeningsTo } from './isolation/happenings.js';
import { Matrix, type Subject } from './isolation/matrix.js';
import { places, roles } from './isolation/plan.js';
import { Scan } from './isolation/scan.js';

const expectations: Expectations = {
  ...auth,
  ...installation,
  ...org,
  ...people,
  ...services,
  ...students,
  ...activity,
  ...assignments,
  ...grading,
  ...dueDates,
  ...attempts,
  ...gradebook,
  ...handOuts,
  ...risk,
  ...thresholds,
  ...interventions,
  ...effects,
  ...modules,
  ...metrics,
  ...viewFigures,
  ...performance,
  ...reports,
  ...notifications,
  ...audit,
  ...retention,
  ...reportSchedules,
  ...live,
  ...messages,
  ...endpoints,
  ...channels,
  ...privacy,
};
const operations = readOperations();

let app: TestApp;
let caller: Caller;
let scan: Scan;
let fixture: Fixture;
let matrix: Matrix;

/** One hole makes hundreds of failures. */
const mostShown = 30;

const isRead = ({ method }: Operation): boolean => method === 'GET';
const subjects = (which: (operation: Operation) => boolean): Subject[] =>
  operations.filter(which).map((operation) => ({ operation, expectation: expectations[operation.id]! }));
/** At most this many at once: the machine has other things to do. */
async function each(list: readonly Subject[], width: number, work: (subject: Subject) => Promise<void>): Promise<void> {
  const rest = [...list];
  const workers = Array.from({ length: width }, async () => {
    for (let next = rest.shift(); next; next = rest.shift()) await work(next);
  });
  await Promise.all(workers);
}

beforeAll(async () => {
  app = await startApp({ environment: { LOGIN_FREE_ATTEMPTS: '1000' } });
  fixture = await Fixture.create(app);
  await app.app.get(ViewsService, { strict: false }).refresh(new AbortController().signal);
  await app.app.get(Publisher, { strict: false }).publish(happeningsTo(fixture.originals));
  const permissions = [...new Set(operations.flatMap(({ permission }) => permission ?? []))];
  caller = new Caller(app, permissions);
  scan = new Scan(fixture.rows);
  matrix = new Matrix(fixture, caller, scan, await Digest.create(app.database), () =>
    app.app.get(Refusals, { strict: false }).flush(),
  );
});

afterEach(() => {
  matrix.failures.length = 0;
});

afterAll(async () => {
  caller.close();
  await app.stop();
});

it('says of every operation who may do it to what, and of nothing else', () => {
  expect(Object.keys(expectations).sort()).toEqual(operations.map(({ id }) => id).sort());
});

it('shows in no answer what is not for whoever asks', async () => {
  await each(subjects(isRead), 6, (subject) => matrix.read(subject));
  expect(matrix.failures.slice(0, mostShown)).toEqual([]);
}, 600_000);

it('changes nothing when it refuses', async () => {
  for (const subject of subjects((one) => !isRead(one))) await matrix.refuse(subject);
  expect(matrix.failures.slice(0, mostShown)).toEqual([]);
}, 600_000);

it("changes nothing of others' when it does as it is told", async () => {
  await fixture.analyze();
  for (const subject of subjects((one) => !isRead(one))) await matrix.allow(subject);
  expect(matrix.failures.slice(0, mostShown)).toEqual([]);
}, 600_000);

it('has been looked at with open eyes: what may be shown was seen', () => {
  const shown = {
    student: ['id', 'name', 'email', 'pid'],
    session: ['id'],
    department: ['name'],
    intervention: ['id', 'name', 'code'],
    closedIntervention: ['id', 'name', 'code'],
  };
  expect(scan.unseen(fixture.originals, shown)).toEqual([]);
});

it('is summed up in the README', () => {
  const size = `${operations.length} operations × ${roles.length} roles × ${places.length} targets`;
  const summary = `${size} = ${caller.calls.toLocaleString('en')} calls, ${matrix.leaks} leaks`;
  process.stdout.write(`isolation: ${summary}\n`);
  const said = /\d+ operations × \d+ roles × \d+ targets/.exec(readFileSync('README.md', 'utf8'));
  expect(said?.[0]).toBe(size);
});
