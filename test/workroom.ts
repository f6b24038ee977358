import type { Client, TestApp } from './app.js';
import { createInstructor, createStudent, createTenant, type Member, type Tenant } from './factories.js';
import { type Assignment, type AssignmentOptions, createAssignment, handOut } from './factories.assignments.js';

export type Body = Readonly<Record<string, unknown>>;

export const codeOf = ({ code }: Body): unknown => code;

/** One student of one instructor, and what is done with an assignment. */
export class Workroom {
  private constructor(
    private readonly app: TestApp,
    readonly tenant: Tenant,
    readonly instructor: Member,
    readonly student: Member,
  ) {}

  static async open(app: TestApp, now: string): Promise<Workroom> {
    app.clock.set(now);
    const tenant = await createTenant(app.database);
    const instructor = await createInstructor(app.database, tenant);
    return new Workroom(app, tenant, instructor, await createStudent(app.database, instructor));
  }

  /** The instructor's, handed out to the student. */
  async given(options: AssignmentOptions = {}): Promise<Assignment> {
    const assignment = await createAssignment(this.app.database, this.instructor, options);
    await handOut(this.app.database, assignment, [this.student]);
    return assignment;
  }

  change({ assignmentId }: Assignment, column: string, value: unknown): Promise<number> {
    return this.app.database.run(
      `-- test.changeAssignment
      update assignments set ${column} = $3 where tenant_id = $1 and id = $2`,
      [this.tenant.tenantId, assignmentId, value],
    );
  }

  service(): Client {
    return this.app.as('service', this.tenant);
  }

  /** As the student. */
  async start({ assignmentId }: Assignment, fields: object = {}, status = 201): Promise<Body> {
    const request = this.app
      .as(this.student)
      .post('/attempts')
      .send({ assignmentId, ...fields });
    return (await request.expect(status)).body as Body;
  }

  /** As the student. */
  async submit(id: unknown, body: object = {}, status = 200): Promise<Body> {
    const request = this.app
      .as(this.student)
      .post(`/attempts/${id as string}/submit`)
      .send(body);
    return (await request.expect(status)).body as Body;
  }

  /** An attempt of the student, from beginning to end as a service tells of it. */
  async score({ assignmentId }: Assignment, score: number): Promise<Body> {
    const studentId = this.student.userId;
    const begun = await this.service().post('/attempts').send({ assignmentId, studentId }).expect(201);
    const { id } = begun.body as { id: string };
    const submitted = await this.service().post(`/attempts/${id}/submit`).send({ score }).expect(200);
    return submitted.body as Body;
  }

  /** The submission as the instructor sees it. */
  async detail({ assignmentId }: Assignment): Promise<Body> {
    const path = `/assignments/${assignmentId}/submissions/${this.student.userId}`;
    return (await this.app.as(this.instructor).get(path).expect(200)).body as Body;
  }
}
