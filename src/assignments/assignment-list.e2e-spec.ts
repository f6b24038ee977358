import { startApp, type TestApp } from '../../test/app.js';
import {
  createDepartment, createInstructor, createModule, createCategory, createStudent, createStudents, createTenant,
  type Member, type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import { type Assignment, createAssignment, handOut } from '../../test/factories.assignments.js';
import type { AssignmentCounts, AssignmentRow } from './assignments.dto.js';

interface Listed {
  readonly data: AssignmentRow[];
  readonly pagination: { readonly total?: number; readonly nextCursor?: string };
}

const now = Date.parse('2026-03-02T08:00:00Z');
const hours = (count: number): string => new Date(now + count * 3_600_000).toISOString();

describe('the list of assignments', () => {
  let app: TestApp;
  let tenant: Tenant;
  let instructor: Member;

  beforeAll(async () => {
    // the factories tell no cache
    app = await startApp({ environment: { CACHE: 'off' } });
  });
  afterAll(() => app.stop());
  beforeEach(async () => {
    tenant = await createTenant(app.database);
    instructor = await createInstructor(app.database, tenant);
  });

  const list = async (as: Member, query: object = {}): Promise<Listed> =>
    (await app.as(as).get('/assignments').query(query).expect(200)).body as Listed;
  const titles = async (as: Member, query: object = {}): Promise<string[]> =>
    (await list(as, query)).data.map(({ title }) => title);
  const countsOf = async (as: Member, { assignmentId }: Assignment): Promise<AssignmentCounts | null> => {
    const row = (await list(as, { limit: 100 })).data.find(({ id }) => id === assignmentId)!;
    const detail = await app.as(as).get(`/assignments/${assignmentId}`).expect(200);
    expect((detail.body as AssignmentRow).counts).toEqual(row.counts);
    return row.counts;
  };

  describe('counts', () => {
    interface Work {
      readonly exemption?: 'excused' | 'exempt';
      readonly withdrawn?: boolean;
      readonly started?: boolean;
      /** Hours from now of the first submission. */
      readonly submitted?: number;
      readonly bySessions?: boolean;
      readonly graded?: number;
      readonly score?: number;
      readonly extended?: number;
    }

    const set = async (assignment: Assignment, students: readonly Member[], work: readonly Work[]): Promise<void> => {
      await handOut(app.database, assignment, students);
      await app.database.run(
        `-- test.setWork
        update submissions s
        set exemption = w.exemption, withdrawn_at = case when w.withdrawn then $3::timestamptz end,
          started_at = case when w.started or w.submitted is not null then $3::timestamptz end,
          attempts_started = case when w.started or w.submitted is not null then 1 else 0 end,
          attempts_submitted = case when w.submitted is not null then 1 else 0 end,
          first_submitted_at = $3::timestamptz + w.submitted * interval '1 hour',
          last_submitted_at = $3::timestamptz + w.submitted * interval '1 hour',
          is_completed_by_sessions = coalesce(w."bySessions", false), attempt_score = w.score, grade = w.graded,
          graded_at = case when w.graded is not null then $3::timestamptz end,
          extended_until = $3::timestamptz + w.extended * interval '1 hour'
        from jsonb_to_recordset($4::jsonb) as w (id uuid, exemption text, withdrawn boolean, started boolean,
          submitted numeric, "bySessions" boolean, graded numeric, score numeric, extended numeric)
        where s.tenant_id = $1 and s.assignment_id = $2 and s.student_id = w.id`,
        [
          tenant.tenantId,
          assignment.assignmentId,
          new Date(now),
          JSON.stringify(work.map((one, index) => ({ ...one, id: students[index]!.userId }))),
        ],
      );
    };

    it('says how the students stand', async () => {
      const work: Work[] = [
        {}, // overdue
        { extended: 48 }, // due soon
        { extended: 96 },
        { started: true }, // in progress, overdue
        { submitted: -30, score: 80 }, // in time, to be graded
        { submitted: -20, score: 60 }, // late, to be graded
        { submitted: -30, score: 70, graded: 90 },
        { submitted: -30, score: 100, bySessions: true }, // to be graded
        { exemption: 'excused' },
        { exemption: 'excused', submitted: -20, score: 5 },
        { exemption: 'exempt', submitted: -30, score: 10 },
        { withdrawn: true, submitted: -30, score: 1 },
      ];
      const students = await createStudents(
        app.database,
        instructor,
        work.map(() => ({})),
      );
      const assignment = await createAssignment(app.database, instructor, { dueAt: hours(-24), needsGrading: true });
      await set(assignment, students, work);
      expect(await countsOf(instructor, assignment)).toEqual({
        students: 11,
        excused: 2,
        assigned: 9, // 11 - 2
        notStarted: 3,
        inProgress: 1,
        submitted: 3, // 80, 60 and the exempt one
        completed: 1,
        graded: 1,
        done: 5,
        overdue: 2,
        dueSoon: 1,
        missing: 0,
        late: 2,
        awaitingGrade: 3,
        meanScore: 82.5, // (80 + 60 + 90 + 100) ÷ 4
      });
    });

    it('equals a recount, whatever the assignment is like', async () => {
      const combinations = ([undefined, 'excused', 'exempt'] as const).flatMap((exemption) =>
        [false, true].flatMap((withdrawn) =>
          [undefined, -60, -30, -1].flatMap((submitted) =>
            [undefined, -2, 50].map((extended, index): Work => ({
              exemption,
              withdrawn,
              submitted,
              extended,
              started: index === 1,
              score: submitted === undefined ? undefined : 40 + index * 13,
              graded: submitted === -30 && index > 0 ? 55 : undefined,
              bySessions: submitted === -1,
            })),
          ),
        ),
      );
      const students = await createStudents(
        app.database,
        instructor,
        combinations.map(() => ({})),
      );
      for (const options of [
        { dueAt: hours(-24) },
        { dueAt: hours(10), needsGrading: true },
        { dueAt: hours(-24), status: 'completed' },
        { dueAt: hours(-24), status: 'paused', needsGrading: true },
        { dueAt: hours(-24), availableUntil: hours(-12) },
        { dueAt: null },
        { dueAt: hours(80), availableFrom: hours(5) },
        { dueAt: hours(-24), status: 'archived' },
        { dueAt: hours(-24), status: 'draft' },
      ] as const) {
        const assignment = await createAssignment(app.database, instructor, options);
        await set(assignment, students, combinations);
        expect({ options, counts: await countsOf(instructor, assignment) }).toEqual({
          options,
          counts: recount(combinations, options),
        });
      }
    });

    /** In words of its own, hour by hour from now. */
    function recount(
      all: readonly Work[],
      options: {
        readonly dueAt: string | null;
        readonly status?: string;
        readonly needsGrading?: boolean;
        readonly availableFrom?: string;
        readonly availableUntil?: string;
      },
    ): AssignmentCounts {
      const { status = 'active', needsGrading = false } = options;
      const due = options.dueAt === null ? null : (Date.parse(options.dueAt) - now) / 3_600_000;
      const until = options.availableUntil ? (Date.parse(options.availableUntil) - now) / 3_600_000 : null;
      const works = all.filter(({ withdrawn }) => !withdrawn);
      const isSet = status !== 'draft';
      const isOpen = isSet && options.availableFrom === undefined;
      const mine = isOpen ? works.filter(({ exemption }) => exemption !== 'excused') : [];
      const dueOf = ({ extended }: Work): number | null => (due === null ? null : Math.max(due, extended ?? due));
      const pending = ['active', 'completed'].includes(status) ? mine.filter((w) => w.submitted === undefined) : [];
      const overdue = pending.filter((w) => dueOf(w) !== null && dueOf(w)! < 0);
      const state = (w: Work): string =>
        w.graded !== undefined ? 'graded'
        : w.bySessions ? 'completed'
        : w.submitted !== undefined ? 'submitted'
        : w.started ? 'inProgress'
        : 'notStarted'; // prettier-ignore
      const inState = (name: string): number => mine.filter((w) => state(w) === name).length;
      const scores = works
        .filter((w) => w.exemption === undefined)
        .flatMap(({ graded, score }) => graded ?? score ?? []);
      return {
        students: works.length,
        excused: works.filter(({ exemption }) => exemption === 'excused').length,
        assigned: mine.length,
        notStarted: inState('notStarted'),
        inProgress: inState('inProgress'),
        submitted: inState('submitted'),
        completed: inState('completed'),
        graded: inState('graded'),
        done: mine.filter(({ submitted }) => submitted !== undefined).length,
        overdue: overdue.length,
        dueSoon: pending.filter((w) => status === 'active' && dueOf(w) !== null && dueOf(w)! >= 0 && dueOf(w)! < 72)
          .length,
        missing: overdue.filter((w) => status === 'completed' || (until !== null && Math.max(until, dueOf(w)!) < 0))
          .length,
        late: isSet ? works.filter((w) => dueOf(w) !== null && (w.submitted ?? -Infinity) > dueOf(w)!).length : 0,
        awaitingGrade:
          isSet && needsGrading
            ? works.filter(
                (w) =>
                  w.exemption === undefined && w.submitted !== undefined && (w.graded === undefined || w.submitted > 0),
              ).length
            : 0,
        meanScore: Math.round((scores.reduce((sum, score) => sum + score, 0) / scores.length) * 100) / 100,
      };
    }

    it('counts the viewer’s own active students alone, and tells a student of nobody', async () => {
      const { database } = app;
      const colleague = await createInstructor(database, tenant);
      const supervisor = await createInstructor(database, tenant, { canViewAll: true });
      const mine = await createStudents(database, instructor, [{}, {}, { isActive: false }]);
      const theirs = await createStudents(database, colleague, [{}]);
      const common = await createAssignment(database, tenant);
      await handOut(database, common, [...mine, ...theirs]);
      expect(await countsOf(instructor, common)).toMatchObject({ students: 2, assigned: 2 });
      expect(await countsOf(colleague, common)).toMatchObject({ students: 1, assigned: 1 });
      expect(await countsOf(supervisor, common)).toMatchObject({ students: 3, assigned: 3 });
      expect(await countsOf(mine[0]!, common)).toBeNull();
    });
  });

  describe('filters and order', () => {
    it('finds by state, day, module, words and marks', async () => {
      const { database } = app;
      const category = await createCategory(database, tenant);
      const { moduleId } = await createModule(database, category);
      await createAssignment(database, instructor, {
        title: 'Écho',
        dueAt: '2026-03-02T23:30:00Z',
        moduleIds: [moduleId],
      });
      await createAssignment(database, instructor, { title: 'Later', dueAt: hours(90), availableFrom: hours(1) });
      await createAssignment(database, instructor, { title: 'Draft', dueAt: null, status: 'draft' });
      await createAssignment(database, instructor, { title: 'Pattern', status: 'draft', isTemplate: true });
      expect(await titles(instructor)).toEqual(['Écho', 'Later', 'Draft']);
      expect(await titles(instructor, { order: 'desc' })).toEqual(['Draft', 'Later', 'Écho']);
      expect(await titles(instructor, { sort: 'title' })).toEqual(['Draft', 'Écho', 'Later']);
      expect(await titles(instructor, { status: 'scheduled' })).toEqual(['Later']);
      expect(await titles(instructor, { status: 'active,draft' })).toEqual(['Écho', 'Draft']);
      expect(await titles(instructor, { isTemplate: true })).toEqual(['Pattern']);
      expect(await titles(instructor, { search: 'ECHO' })).toEqual(['Écho']);
      expect(await titles(instructor, { search: '%' })).toEqual([]);
      expect(await titles(instructor, { moduleId })).toEqual(['Écho']);
      expect(await titles(instructor, { ownerId: tenant.departmentId })).toEqual([]);
      expect(await titles(instructor, { dueFrom: '2026-03-02', dueTo: '2026-03-02' })).toEqual(['Écho']);
      expect(await titles(instructor, { dueFrom: '2026-03-03' })).toEqual(['Later']);
      await app
        .as(instructor)
        .post('/assignments')
        .send({ title: 'Marked', category: 'Homework', tags: ['night'], priority: 'urgent' })
        .expect(201);
      for (const query of [{ category: 'Homework' }, { tag: 'night' }, { priority: 'urgent' }]) {
        expect(await titles(instructor, query)).toEqual(['Marked']);
      }
      const [scheduled] = (await list(instructor, { status: 'scheduled' })).data;
      expect(scheduled).toMatchObject({ status: 'scheduled' });
      await app.as(instructor).get('/assignments').query({ status: 'overdue' }).expect(400);
    });

    it('cuts the days of due dates in the tenant’s zone', async () => {
      const tokyo = await createTenant(app.database, { timeZone: 'Asia/Tokyo' });
      const teacher = await createInstructor(app.database, tokyo);
      // 15:00 UTC is midnight in Tokyo
      await createAssignment(app.database, teacher, { title: 'Evening', dueAt: '2026-03-02T14:59:59Z' });
      await createAssignment(app.database, teacher, { title: 'Midnight', dueAt: '2026-03-02T15:00:00Z' });
      expect(await titles(teacher, { dueTo: '2026-03-02' })).toEqual(['Evening']);
      expect(await titles(teacher, { dueFrom: '2026-03-03' })).toEqual(['Midnight']);
    });

    it.each(['due', 'created', 'title'])('shows each row once by %s, page by page and with cursors', async (sort) => {
      const dates = [null, hours(5), hours(5), null, hours(2), hours(5.0001), null];
      for (const dueAt of dates) await createAssignment(app.database, instructor, { dueAt, title: 'Same' });
      for (const order of ['asc', 'desc']) {
        const all = (await list(instructor, { sort, order, limit: 100 })).data.map(({ id }) => id);
        expect(new Set(all).size).toBe(dates.length);
        const paged: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await list(instructor, { sort, order, limit: 2, cursor });
          paged.push(...page.data.map(({ id }) => id));
          cursor = page.pagination.nextCursor;
        } while (cursor);
        expect(paged).toEqual(all);
        const third = await list(instructor, { sort, order, limit: 2, page: 3 });
        expect(third.data.map(({ id }) => id)).toEqual(all.slice(4, 6));
        expect(third.pagination).toMatchObject({ total: dates.length });
      }
    });
  });

  it('shows what is one’s own, handed out to one’s students, or a shared template', async () => {
    const { database } = app;
    const below = await createDepartment(database, tenant);
    const colleague = await createInstructor(database, below);
    const supervisor = await createInstructor(database, below, { canViewAll: true });
    const student = await createStudent(database, instructor);
    await createAssignment(database, instructor, { title: 'Mine' });
    const draft = await createAssignment(database, colleague, { title: 'Their draft', status: 'draft' });
    const given = await createAssignment(database, colleague, { title: 'Given' });
    const scheduled = await createAssignment(database, colleague, { title: 'To come', availableFrom: hours(1) });
    for (const assignment of [draft, given, scheduled]) await handOut(database, assignment, [student]);
    await createAssignment(database, colleague, { title: 'Shared', status: 'draft', isTemplate: true, isShared: true });
    await createAssignment(database, colleague, { title: 'Kept', status: 'draft', isTemplate: true });
    const order = { sort: 'title' };
    expect(await titles(instructor, order)).toEqual(['Given', 'Mine', 'To come']);
    expect(await titles(instructor, { isTemplate: true })).toEqual(['Shared']);
    expect(await titles(supervisor, order)).toEqual(['Given', 'Their draft', 'To come']);
    expect(await titles(supervisor, { isTemplate: true, ...order })).toEqual(['Kept', 'Shared']);
    expect(await titles(student, order)).toEqual(['Given']);
    expect(await titles(student, { isTemplate: true })).toEqual([]);
    await app.as(student).get(`/assignments/${scheduled.assignmentId}`).expect(404);
    const { body } = await app.as(student).get(`/assignments/${given.assignmentId}`).expect(200);
    expect(body).toMatchObject({ counts: null, feedbackRules: null });
    const stranger = await createInstructor(database, await createTenant(database), { canViewAll: true });
    expect(await titles(stranger)).toEqual([]);
    await app.as(stranger).get(`/assignments/${given.assignmentId}`).expect(404);
    await app.anonymous.get('/assignments').expect(401);
  });
});
