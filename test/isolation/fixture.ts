import { hash } from '@node-rs/argon2';
import { randomBytes, randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { TestApp } from '../app.js';
import {
  createAdmin, createDepartment, createInstructor, createStudent, createTenant, serviceIdOf, type Member, type Person,
  type Place as Home, sessionBody,
} from '../factories.js'; // prettier-ignore
import { insertAssignment, insertHandOut } from './assigned-work.js';
import { insertAchievement, insertDelegation, insertIntervention, insertOperator, isOwned, owned, type Owned } from './belongings.js'; // prettier-ignore
import { insertSentMessage } from './mail.js';
import { marks } from './marks.js';
import { type Actor, delegations, type Kind, type Place, type Row } from './plan.js';

export const password = 'correct horse battery staple';
export const installation = '00000000-0000-0000-0000-000000000000';

type Tenant = Home & { readonly slug: string };

/** Two tenants of people, work and everything else that the expectations name; each row bears a mark of its own. */
export class Fixture {
  readonly rows: Row[] = [];
  private readonly actors = new Map<string, Actor>();
  private readonly homes = new Map<Place, Home>();
  private readonly staff = new Map<Place, Member>();
  /** What there was before the first spare row. */
  originals: readonly Row[] = [];
  private passwordHash: string;
  /** Oversees everybody's department: whatever others see of it is less. */
  private head: Member;
  private count = 0;

  private constructor(private readonly app: TestApp) {}

  static async create(app: TestApp): Promise<Fixture> {
    const fixture = new Fixture(app);
    await fixture.fill();
    fixture.originals = [...fixture.rows];
    await fixture.analyze();
    return fixture;
  }

  /** After much was written: plans that were made for emptier tables would be kept for a minute, and cost two. */
  async analyze(): Promise<void> {
    await this.app.database.run('-- test.analyzeFixture\nanalyze');
  }

  actor(role: Actor['role']): Actor {
    const actor = this.actors.get(role);
    if (!actor) throw new Error(`nobody is ${role}`);
    return actor;
  }

  /** Whoever is responsible at a place: what is asked for there is in the cache of theirs. */
  get owners(): Actor[] {
    const instructors = [...this.staff].map(([home, viewer]): Actor => ({ role: 'instructor', viewer, home }));
    return [...instructors, { role: 'supervisor', viewer: this.head, home: 'parentDepartment' }];
  }

  row(kind: Kind, place: Place): Row {
    return this.rows.find((row) => row.kind === kind && row.place === place) ?? this.nothing(kind);
  }

  /** One that does not exist, and one for each place there is one at. */
  targets(kind: Kind): Row[] {
    return [this.nothing(kind), ...this.originals.filter((row) => row.kind === kind)];
  }

  /** Another row like that one, for what uses rows up. */
  async spare(row: Row): Promise<Row> {
    const { kind, place, personId } = row;
    if (place === 'nowhere') return this.nothing(kind);
    if (isOwned(kind)) return this.addOwned(kind, place, personId!);
    switch (kind) {
      case 'student':
        return this.addStudent(place, this.staff.get(place) ?? this.staff.get('own')!);
      case 'session':
        return this.addSession(row.studentId!, row);
      case 'category':
        return this.addCategory(place);
      case 'module':
        return this.addModule(place);
      case 'tenant':
        await this.addTenant(place);
        return this.rows.at(-1)!;
      case 'department':
        await this.addDepartment(place, this.homes.get(place)!);
        return this.rows.at(-1)!;
      case 'assignment':
      case 'commonAssignment':
        return this.addAssignment(kind, place);
      case 'handOut':
        return this.addHandOut({ ...row, id: row.assignmentId! });
      case 'delegation':
        return this.addDelegation(place, row.personId!, row.substituteId!);
      case 'intervention':
      case 'closedIntervention':
        return this.addIntervention(
          kind,
          await this.addStudent(place, this.staff.get(place) ?? this.staff.get('own')!),
        );
      case 'sentMessage':
        return this.addSentMessage({ ...row, id: row.studentId! });
      case 'service':
        return this.addService(place);
      case 'key':
        return this.addKey(place, (await this.addService(place)).id);
      default:
        throw new Error(`there is no spare ${kind}`);
    }
  }

  /** A text that nothing has yet. */
  fresh(): string {
    return `fresh-${++this.count}`;
  }

  /** An hour that no other roster is given for. */
  freshHour(): { readonly validFrom: string; readonly validTo: string } {
    const begins = Date.parse('2026-04-01T00:00:00Z') + ++this.count * 3_600_000;
    return {
      validFrom: new Date(begins).toISOString(),
      validTo: new Date(begins + 3_600_000).toISOString(),
    };
  }

  freshId(): string {
    return uuidv7();
  }

  private nothing(kind: Kind): Row {
    return { kind, place: 'nowhere', id: randomUUID(), ...marks() };
  }

  private async fill(): Promise<void> {
    // cheaper than the product's, which would take seconds for so many
    this.passwordHash = await hash(password, { algorithm: 2, memoryCost: 64, timeCost: 1, parallelism: 1 });
    const tenant = await this.addTenant('own');
    const parent = await this.addDepartment('parentDepartment', tenant);
    const own = await this.addDepartment('own', parent);
    await this.addDepartment('siblingDepartment', parent);
    await this.addDepartment('childDepartment', own);
    await this.addDepartment('otherTenant', await this.addTenant('otherTenant'));
    this.homes.set('siblingRoster', own).set('classmate', own);
    for (const place of [
      'own', 'siblingRoster', 'siblingDepartment', 'parentDepartment', 'childDepartment', 'otherTenant',
    ] as const) await this.addStaff(place); // prettier-ignore
    await this.addWork();
    for (const [place, instructor] of this.staff) await this.addStudent(place, instructor);
    await this.addStudent('classmate', this.staff.get('own')!);
    for (const row of this.rows.filter(({ kind }) => kind === 'student')) await this.addActivity(row);
    for (const place of this.staff.keys()) await this.addHandOut(await this.addAssignment('assignment', place));
    for (const place of ['own', 'otherTenant'] as const) await this.addAssignment('commonAssignment', place);
    await this.addActors(tenant, own);
    for (const [place, { userId }] of this.staff) {
      for (const kind of Object.keys(owned) as Owned[]) await this.addOwned(kind, place, userId);
    }
    const staff = (place: Place): string => this.staff.get(place)!.userId;
    for (const [giver, substitute] of delegations) await this.addDelegation(giver, staff(giver), staff(substitute));
    const stranger = await createInstructor(this.app.database, this.homes.get('otherTenant')!);
    await this.addDelegation('otherTenant', staff('otherTenant'), stranger.userId);
  }

  private async addTenant(place: Place): Promise<Tenant> {
    const code = marks().code;
    const tenant = await createTenant(this.app.database, { slug: code });
    const { tenantId: id, name } = tenant;
    this.add({ kind: 'tenant', place, id, name }, { code });
    return tenant;
  }

  private async addDepartment(place: Place, above: Home): Promise<Home> {
    const { name, code } = marks();
    const department = await createDepartment(this.app.database, above, { name, code });
    if (!this.homes.has(place)) this.homes.set(place, department);
    this.add({ kind: 'department', place, id: department.departmentId, name }, { code });
    return department;
  }

  private async addStaff(place: Place): Promise<void> {
    const mine = marks();
    const instructor = await createInstructor(this.app.database, this.homes.get(place)!, {
      ...mine,
      passwordHash: this.passwordHash,
    });
    this.staff.set(place, instructor);
    this.add({ kind: 'staff', place, id: instructor.userId, personId: instructor.userId, ...mine });
    const index = this.rows.findIndex((row) => row.kind === 'department' && row.place === place);
    if (index >= 0) this.rows[index] = { ...this.rows[index]!, personId: instructor.userId };
  }

  /** What is practised, in both tenants. */
  private async addWork(): Promise<void> {
    for (const place of ['own', 'otherTenant'] as const) {
      await this.addCategory(place);
      await this.addModule(place);
      await this.addKey(place, (await this.addService(place)).id);
      const achievement = this.add({ kind: 'achievement', place, id: uuidv7() });
      await insertAchievement(this.app.database, this.homes.get(place)!.tenantId, achievement);
    }
  }

  private async addCategory(place: Place): Promise<Row> {
    const row = this.add({ kind: 'category', place, id: uuidv7() });
    await this.app.database.run(
      `-- test.insertMarkedCategory
      insert into categories (tenant_id, id, code, title) values ($1, $2, $3, $4)`,
      [this.homes.get(place)!.tenantId, row.id, row.code, row.name],
    );
    return row;
  }

  private async addModule(place: Place): Promise<Row> {
    const row = this.add({ kind: 'module', place, id: uuidv7() });
    await this.app.database.run(
      `-- test.insertMarkedModule
      insert into modules (tenant_id, id, category_id, code, title, kind) values ($1, $2, $3, $4, $5, 'quiz')`,
      [this.homes.get(place)!.tenantId, row.id, this.row('category', place).id, row.code, row.name],
    );
    return row;
  }

  private async addService(place: Place): Promise<Row> {
    const row = this.add({ kind: 'service', place, id: uuidv7() });
    await this.app.database.run(
      `-- test.insertService
      insert into services (tenant_id, id, name, scopes, created_at, updated_at)
      values ($1, $2, $3, '{students:read}', '2026-03-01', '2026-03-01')`,
      [this.homes.get(place)!.tenantId, row.id, row.name],
    );
    return row;
  }

  private async addKey(place: Place, serviceId: string): Promise<Row> {
    const row = this.add({ kind: 'key', place, id: uuidv7(), personId: serviceId });
    await this.app.database.run(
      `-- test.insertKey
      insert into api_keys (tenant_id, id, service_id, name, prefix, hash, created_at, expires_at)
      values ($1, $2, $3, $4, $5, $6, '2026-03-01', '2026-09-01')`,
      [this.homes.get(place)!.tenantId, row.id, serviceId, row.name, row.code, randomBytes(32)],
    );
    return row;
  }

  private async addStudent(place: Place, instructor: Member): Promise<Row> {
    const mine = marks();
    const { userId } = await createStudent(this.app.database, instructor, mine);
    return this.add({ kind: 'student', place, id: userId, personId: instructor.userId, ...mine });
  }

  /** A session, so that there are figures, an achievement, cases; at risk, so that dashboards name the student. */
  private async addActivity(student: Row): Promise<void> {
    const { place, id: studentId, personId } = student;
    const { tenantId } = this.homes.get(place)!;
    const at = place === 'otherTenant' ? place : 'own';
    await this.addSession(studentId, { place, personId });
    await this.app.database.run(
      `-- test.insertUnlocked
      insert into student_achievements (tenant_id, student_id, achievement_id, unlocked_at)
      values ($1, $2, $3, '2026-03-01')`,
      [tenantId, studentId, this.row('achievement', at).id],
    );
    await this.app.database.run(
      `-- test.setRisk
      update student_progress set risk_score = 90 where tenant_id = $1 and student_id = $2`,
      [tenantId, studentId],
    );
    for (const kind of ['intervention', 'closedIntervention'] as const) await this.addIntervention(kind, student);
    await this.addSentMessage(student);
  }

  /** Of the instructor at a place, for that roster; or the organisation's own, for everybody. */
  private async addAssignment(kind: 'assignment' | 'commonAssignment', place: Place): Promise<Row> {
    const personId = kind === 'assignment' ? this.staff.get(place)!.userId : undefined;
    const students = (this.originals.length > 0 ? this.originals : this.rows).filter(
      (row) =>
        row.kind === 'student' &&
        (personId ? row.personId === personId : (row.place === 'otherTenant') === (place === 'otherTenant')),
    );
    const assignment = this.add({ kind, place, id: uuidv7(), personId });
    const given = students.map((student) => ({ ...student, ...marks(), id: uuidv7(), studentId: student.id }));
    for (const row of given) this.add({ ...row, kind: 'submission', assignmentId: assignment.id });
    await insertAssignment(this.app.database, this.homes.get(place)!.tenantId, assignment, given);
    return assignment;
  }

  /** Follows whoever is called like the row itself. */
  private async addHandOut({ id: assignmentId, place, personId }: Row): Promise<Row> {
    const row = this.add({ kind: 'handOut', place, id: uuidv7(), personId, assignmentId });
    await insertHandOut(this.app.database, this.homes.get(place)!.tenantId, row);
    return row;
  }

  /** On a student, of their instructor. */
  private async addIntervention(
    kind: 'intervention' | 'closedIntervention',
    { place, id: studentId, personId }: Row,
  ): Promise<Row> {
    const row = this.add({ kind, place, id: uuidv7(), studentId, personId });
    await insertIntervention(this.app.database, this.homes.get(place)!.tenantId, row);
    return row;
  }

  /** To a student, of their instructor. */
  private async addSentMessage({ place, id: studentId, personId }: Row): Promise<Row> {
    const row = this.add({ kind: 'sentMessage', place, id: uuidv7(), studentId, personId });
    await insertSentMessage(this.app.database, this.homes.get(place)!.tenantId, row);
    return row;
  }

  private async addSession(studentId: string, { place, personId }: Pick<Row, 'place' | 'personId'>): Promise<Row> {
    const session = this.add({ kind: 'session', place, id: uuidv7(), studentId, personId });
    const moduleId = this.row('module', place === 'otherTenant' ? place : 'own').id;
    const body = sessionBody({ moduleId }, { id: session.id, studentId });
    const { tenantId } = this.homes.get(place)!;
    await this.app
      .as('service', { tenantId })
      .post('/activity/sessions')
      .send({ sessions: [body] })
      .expect(200);
    return session;
  }

  private async addOwned(kind: Owned, place: Place, personId: string): Promise<Row> {
    const row = this.add({ kind, place, id: uuidv7(), personId });
    await owned[kind](this.app.database, this.homes.get(place)!.tenantId, row);
    return row;
  }

  private async addActors(tenant: Tenant, own: Home): Promise<void> {
    const { tenantId } = tenant;
    const supervisor = await this.addPerson('staff', 'own', (mine) =>
      createInstructor(this.app.database, own, { ...mine, canViewAll: true }),
    );
    this.head = await this.addPerson('staff', 'parentDepartment', (mine) =>
      createInstructor(this.app.database, this.homes.get('parentDepartment')!, { ...mine, canViewAll: true }),
    );
    const admin = await this.addPerson('admin', 'own', (mine) => createAdmin(this.app.database, tenant, mine));
    const { userId, departmentId } = this.staff.get('siblingDepartment')!;
    const substitute = { tenantId, userId, departmentId, role: 'instructor' } as const;
    const service = { tenantId, userId: serviceIdOf(tenant), departmentId: null, role: 'service' } as const;
    const add = (role: Actor['role'], viewer: Actor['viewer'], home?: Place): void =>
      void this.actors.set(role, { role, viewer, home });
    add('anonymous', null);
    const studentId = this.row('student', 'own').id;
    add('student', { tenantId, userId: studentId, role: 'student', departmentId: own.departmentId }, 'own');
    add('instructor', this.staff.get('own')!, 'own');
    add('substitute', { ...substitute, rosters: [this.staff.get('own')!.userId] }, 'siblingDepartment');
    add('former substitute', substitute, 'siblingDepartment');
    add('supervisor', supervisor, 'own');
    add('admin', admin, 'own');
    add('service', service, 'own');
    add('service without the scope', service, 'own');
    const operatorId = await insertOperator(this.app.database);
    add('operator', { tenantId: installation, userId: operatorId, role: 'operator', departmentId: null });
  }

  /** Those that are made first hold now, any other for an hour of its own. */
  private async addDelegation(place: Place, personId: string, substituteId: string): Promise<Row> {
    const row = this.add({ kind: 'delegation', place, id: uuidv7(), personId, substituteId });
    const isFirst = this.originals.length === 0;
    const times = isFirst ? { validFrom: '2026-03-01', validTo: '2026-03-15' } : this.freshHour();
    await insertDelegation(this.app.database, this.homes.get(place)!.tenantId, row, times);
    return row;
  }

  private async addPerson<T extends Person>(
    kind: 'staff' | 'admin',
    place: Place,
    create: (mine: ReturnType<typeof marks>) => Promise<T>,
  ): Promise<T> {
    const mine = marks();
    const person = await create(mine);
    this.add({ kind, place, id: person.userId, personId: person.userId, ...mine });
    return person;
  }

  private add(row: Pick<Row, 'kind' | 'place' | 'id'> & Partial<Row>, rest: Partial<Row> = {}): Row {
    const added: Row = { ...marks(), ...row, ...rest };
    this.rows.push(added);
    return added;
  }
}
