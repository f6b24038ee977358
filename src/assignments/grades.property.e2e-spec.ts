import { startApp, type TestApp } from '../../test/app.js';
import { createAssignment, handOut } from '../../test/factories.assignments.js';
import { createInstructor, createStudent, createTenant } from '../../test/factories.js';
import { handIn } from '../../test/handed-in.js';
import fc from '../../test/property.js';

jest.setTimeout(120_000);

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const hundredths = fc.integer({ min: 0, max: 10_000 });
const step = fc.oneof(
  fc.record({ kind: fc.constant('handIn' as const), score: fc.nat({ max: 100 }), penalty: fc.nat({ max: 100 }) }),
  fc.record({
    kind: fc.constant('grade' as const),
    grade: fc.option(hundredths),
    waivePenalty: fc.option(fc.boolean(), { nil: undefined }),
  }),
);

/** Of hundredths, with half of one rounded up. */
const less = (score: number, penalty: number): number => Math.round((score * (100 - penalty)) / 100);

it('shows the grade less its penalty, else the attempts, whatever came before', async () => {
  const tenant = await createTenant(app.database);
  const ada = await createInstructor(app.database, tenant);
  const story = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
    const student = await createStudent(app.database, ada);
    const work = await createAssignment(app.database, ada, { attemptPolicy: 'last' });
    await handOut(app.database, work, [student]);
    const path = `/assignments/${work.assignmentId}/submissions/${student.userId}/grade`;
    let [version, latePenalty, grade, penalty] = [1, 0, null as number | null, 0];
    let attempts: number | null = null;
    let isNewWork = false;
    for (const one of steps) {
      app.clock.advance(60);
      if (one.kind === 'handIn') {
        const submittedAt = app.clock.now().toISOString();
        await handIn(app.database, work, student, { score: one.score, penalty: one.penalty, submittedAt });
        [attempts, latePenalty, isNewWork] = [less(one.score * 100, one.penalty), one.penalty, true];
        version++;
      } else {
        const wanted = one.grade === null ? null : one.grade / 100;
        const body = { grade: wanted, waivePenalty: one.waivePenalty, reason: 'because' };
        const answer = await app.as(ada).put(path).set('if-match', `"${version}"`).send(body).expect(200);
        const stands = grade !== null && !isNewWork;
        if (one.grade === null || one.waivePenalty) penalty = 0;
        else if (one.waivePenalty === false || !stands) penalty = latePenalty;
        [grade, isNewWork] = [one.grade, false];
        const score = grade === null ? attempts : less(grade, penalty);
        expect(answer.body).toMatchObject({
          grade: wanted,
          gradePenalty: penalty,
          score: score === null ? null : score / 100,
        });
        version = answer.body.version as number;
      }
    }
    const { data } = (await app.as(ada).get(`${path}s?limit=100`).expect(200)).body;
    const ends = [...data].reverse().map(({ to }) => to);
    expect([...data].reverse().map(({ from }) => from)).toEqual(
      [{ grade: null, gradePenalty: 0, feedback: null, exemption: null }, ...ends].slice(0, data.length),
    );
  });
  await fc.assert(story, { numRuns: 60 });
});
