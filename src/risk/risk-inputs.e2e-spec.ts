import { startApp, type TestApp } from '../../test/app.js';
import { createCategory, createDepartment, createInstructor, createModule, createStudents, createTenant, sessionBody } from '../../test/factories.js'; // prettier-ignore
import { createAssignment, handOut } from '../../test/factories.assignments.js';
import { ActiveModel } from './active-model.js';
import { RiskRepository } from './risk.repository.js';
import { RiskScoring } from './risk-scoring.service.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const endOf = (day: string, next: string) => ({ day, moment: new Date(`${next}T00:00:00Z`), isOver: true });

it('knows of students what had happened by then', async () => {
  const tenant = await createTenant(app.database);
  const instructor = await createInstructor(app.database, tenant);
  const [busy, silent] = await createStudents(app.database, instructor, [{}, { joinedOn: '2026-02-05' }]);
  const module = await createModule(app.database, await createCategory(app.database, tenant));
  const sessions = ['2026-01-20', '2026-02-10', '2026-02-11', '2026-03-01'].map((day) =>
    sessionBody(module, {
      studentId: busy!.userId,
      startedAt: `${day}T09:00:00Z`,
      completedAt: `${day}T09:10:00Z`,
      score: 70,
    }),
  );
  await app.as('service', tenant).post('/activity/sessions').send({ sessions }).expect(200);
  const heavy = await createAssignment(app.database, tenant, { dueAt: '2026-02-10T12:00:00Z', weight: 3 });
  const light = await createAssignment(app.database, tenant, { dueAt: '2026-02-20T12:00:00Z', weight: 1 });
  for (const one of [heavy, light]) await handOut(app.database, one, [busy!, silent!]);
  await app.database.run(
    `-- test.submit
    update submissions set started_at = $3, first_submitted_at = $3, last_submitted_at = $3, attempts_started = 1,
      attempts_submitted = 1, attempt_score = 55
    where tenant_id = $1 and assignment_id = $2 and student_id = $4`,
    [tenant.tenantId, heavy.assignmentId, '2026-02-06T10:00:00Z', busy!.userId],
  );
  const repository = app.app.get(RiskRepository, { strict: false });
  const known = await repository.listInputs(tenant.tenantId, endOf('2026-03-01', '2026-03-02'), { after: '00000000-0000-0000-0000-000000000000', limit: 10 }); // prettier-ignore
  expect(known).toEqual([
    {
      studentId: busy!.userId, departmentId: tenant.departmentId, instructorId: instructor.userId,
      daysInCourse: 181, activeDays: 3, daysSinceActive: 0, meanScore: 55, lowestScore: 55,
      missedShare: 25, handInLead: 4, due: 2, missed: 1,
    },
    {
      studentId: silent!.userId, departmentId: tenant.departmentId, instructorId: instructor.userId,
      daysInCourse: 24, activeDays: 0, daysSinceActive: 24, meanScore: null, lowestScore: null,
      missedShare: 100, handInLead: null, due: 2, missed: 2,
    },
  ]); // prettier-ignore
  const earlier = await repository.listInputs(tenant.tenantId, endOf('2026-02-10', '2026-02-11'), { departmentId: tenant.departmentId }); // prettier-ignore
  expect(earlier).toEqual([
    {
      studentId: busy!.userId, departmentId: tenant.departmentId, instructorId: instructor.userId,
      daysInCourse: 162, activeDays: 2, daysSinceActive: 0, meanScore: 55, lowestScore: 55,
      missedShare: 0, handInLead: 4, due: 1, missed: 0,
    },
    {
      studentId: silent!.userId, departmentId: tenant.departmentId, instructorId: instructor.userId,
      daysInCourse: 5, activeDays: 0, daysSinceActive: 5, meanScore: null, lowestScore: null,
      missedShare: 100, handInLead: null, due: 1, missed: 1,
    },
  ]); // prettier-ignore
  const moment = { today: '2026-03-02', now: new Date('2026-03-02T08:00:00Z') };
  const scored = await app.app.get(RiskScoring, { strict: false }).scoreNow(tenant.tenantId, [busy!.userId, silent!.userId], moment); // prettier-ignore
  // not active on the day that has begun: as of the evening before
  expect(scored.map(({ student }) => student.daysSinceActive)).toEqual([0, 24]);
  expect(scored[1]!.evaluation.score).toBeGreaterThan(scored[0]!.evaluation.score);
});

it('leaves out who moves away while the department is counted', async () => {
  const tenant = await createTenant(app.database);
  const there = await createDepartment(app.database, tenant);
  const [student] = await createStudents(app.database, tenant, [{}]);
  const repository = app.app.get(RiskRepository, { strict: false });
  let reads = 0;
  const moving = Object.assign(Object.create(repository) as RiskRepository, {
    listInputs: async (...asked: Parameters<RiskRepository['listInputs']>) => {
      const found = await repository.listInputs(...asked);
      if (++reads === 1) {
        await app.database.run(
          `-- test.move
          update users set department_id = $2 where id = $1`,
          [student!.userId, there.departmentId],
        );
      }
      return found;
    },
  });
  const moment = { today: '2026-03-02', now: new Date('2026-03-02T08:00:00Z') };
  const scoring = new RiskScoring(moving, app.app.get(ActiveModel, { strict: false }));
  expect(await scoring.scoreNow(tenant.tenantId, [student!.userId], moment)).toEqual([]);
  expect(reads).toBe(2);
  expect(await scoring.scoreNow(tenant.tenantId, [student!.userId], moment)).toHaveLength(1);
});
