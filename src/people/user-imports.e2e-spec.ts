import { request as httpRequest } from 'node:http';
import type request from 'supertest';
import { startApp, type TestApp } from '../../test/app.js';
import {
  adminIdOf,
  createAdmin,
  createDepartment,
  createInstructor,
  createStudents,
  createTenant,
  type Person,
  type Place,
  type Tenant,
} from '../../test/factories.js';
import type { ImportUsersResponse } from './user-imports.dto.js';
import type { UserResponse } from './users.dto.js';

let app: TestApp;
let tenant: Tenant;
let admin: Person;
let branch: Place & { code: string };

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await createTenant(app.database);
  admin = await createAdmin(app.database, tenant, { name: 'Zoe Admin', email: 'zoe@example.org' });
  const place = await createDepartment(app.database, tenant);
  const { code } = await app.database.one<{ code: string }>(
    `-- test.departmentCode
    select code from departments where tenant_id = $1 and id = $2`,
    [place.tenantId, place.departmentId],
  );
  branch = { ...place, code };
});

const send = (file: string | Buffer, query: object = {}, client = app.as(admin)): request.Test =>
  client.post('/users/imports').query(query).set('content-type', 'text/csv').send(file);
const take = async (file: string | Buffer, query: object = {}): Promise<ImportUsersResponse> =>
  (await send(file, query).expect(200)).body as ImportUsersResponse;
const statuses = ({ results }: ImportUsersResponse): string[] => results.map(({ status }) => status);
const faults = ({ results }: ImportUsersResponse): string[] =>
  results.flatMap(({ row, errors = [] }) => errors.map(({ column, code }) => `${row} ${column} ${code}`));
/** But for the administrator whom every tenant has. */
const people = async (query: object = {}): Promise<UserResponse[]> => {
  const client = app.as(admin);
  const { body } = await client
    .get('/users')
    .query({ limit: 100, ...query })
    .expect(200);
  return (body.data as UserResponse[]).filter(({ id }) => id !== adminIdOf(tenant));
};
const count = async (table: string): Promise<number> =>
  (
    await app.database.one<{ count: number }>(
      `-- test.countRows
      select count(*) as count from ${table} where tenant_id = $1`,
      [tenant.tenantId],
    )
  ).count;

const header = 'role,name,email,pid,rank,department,instructor,joinedOn,isActive';

describe('a file of people', () => {
  const file = (): string =>
    [
      header,
      `student,"Osei, ""Kat"" Kathleen",K.Osei@example.org,P-1,=1+1,${branch.code},P-9,2026-01-15,`,
      `student,@Ben,ben@example.org,,-2,${branch.code},ada@example.org,,false`,
      `instructor,Ada Okafor,ada@example.org,P-9,,${branch.code},,,`,
      'admin,Max Chief,max@example.org,,,,,,',
      '',
    ].join('\r\n');

  it('creates everybody it names, an instructor before the students who name one', async () => {
    const answer = await take(file(), { invite: true });
    expect(answer).toMatchObject({ applied: true, created: 4, updated: 0, unchanged: 0, failed: 0 });
    expect(answer.results.map(({ row }) => row)).toEqual([1, 2, 3, 4]);
    const [ben, ada, max, kat] = await people();
    expect(kat).toMatchObject({
      id: answer.results[0]!.id,
      name: 'Osei, "Kat" Kathleen',
      email: 'k.osei@example.org',
      rank: '=1+1',
      instructorId: ada!.id,
      departmentId: branch.departmentId,
      joinedOn: '2026-01-15',
    });
    expect(ben).toMatchObject({ name: '@Ben', rank: '-2', isActive: false, joinedOn: '2026-03-02' });
    expect(max).toMatchObject({ role: 'admin', departmentId: null });
    const open = await app.database.many(
      `-- test.importedEntries
      select instructor_id as id from roster_entries where tenant_id = $1 and valid_to is null`,
      [tenant.tenantId],
    );
    expect(open).toEqual([{ id: ada!.id }, { id: ada!.id }]);
    const events = await app.database.many<{ key: string }>(
      `-- test.importInvitations
      select key from outbox where tenant_id = $1 and topic = 'users.invited'`,
      [tenant.tenantId],
    );
    // nobody who is not active
    expect(events.map(({ key }) => key).sort()).toEqual([ada!.id, max!.id, kat!.id].sort());
    const actions = await app.database.many(
      `-- test.importActions
      select action, count(*) as count, max(after ->> 'created') as created from audit_entries
      where tenant_id = $1 and action <> 'user.viewed' group by action order by action`,
      [tenant.tenantId],
    );
    expect(actions).toEqual([
      { action: 'user.created', count: 4, created: null },
      { action: 'user.invited', count: 3, created: null },
      { action: 'users.imported', count: 1, created: '4' },
    ]);
  });

  it('changes nothing the second time', async () => {
    await take(file());
    const [before, audits] = [await people(), await count('audit_entries')];
    expect(await take(file())).toMatchObject({ applied: true, unchanged: 4, created: 0, updated: 0 });
    expect(await people()).toEqual(before);
    expect(await count('audit_entries')).toBe(audits + 1);
  });

  it('tells in a dry run what it would do, and does nothing', async () => {
    const tables = ['users', 'audit_entries', 'outbox', 'roster_entries', 'instructor_profiles'];
    const state = (): Promise<number[]> => Promise.all(tables.map(count));
    const before = await state();
    for (const mode of ['atomic', 'bestEffort']) {
      const answer = await take(file(), { dryRun: true, mode });
      expect(answer).toMatchObject({ dryRun: true, applied: false, created: 4, failed: 0 });
      expect(answer.results.map(({ id }) => id)).toEqual([undefined, undefined, undefined, undefined]);
    }
    expect(await state()).toEqual(before);
  });

  it('may use semicolons, a byte order mark, other line ends and columns in any order', async () => {
    const rows = [
      'PID;Name;role;Department',
      `1;"Müller; Jörg";student;${branch.code}`,
      `2;Łukasz;student;${branch.code}`,
    ];
    expect(await take(`\uFEFF${rows.join('\n')}`)).toMatchObject({ created: 2 });
    expect((await people({ role: 'student' })).map(({ name }) => name)).toEqual(['Łukasz', 'Müller; Jörg']);
    expect(await take(rows.join('\r'))).toMatchObject({ unchanged: 2 });
    // a comma in a cell is no reason to take the file for another
    expect(await take(rows.join('\n').replace('Łukasz', 'A, B'))).toMatchObject({ updated: 1, unchanged: 1 });
  });

  it('changes people by number, else by address, and leaves what it does not name', async () => {
    await take(file());
    const answer = await take(
      [
        'role,name,email,pid,rank',
        'student,Kathleen Osei,new@example.org,P-1,',
        'student,Ben,BEN@example.org,P-2,Major',
      ].join('\n'),
    );
    expect(answer).toMatchObject({ updated: 2 });
    const byName = new Map((await people()).map((one) => [one.name, one]));
    expect(byName.get('Kathleen Osei')).toMatchObject({ email: 'new@example.org', rank: '=1+1', version: 2 });
    expect(byName.get('Ben')).toMatchObject({ pid: 'P-2', rank: 'Major', isActive: false });
  });

  it('moves students with their history, and activates and deactivates', async () => {
    await take(file());
    const other = await createInstructor(app.database, tenant, { email: 'other@example.org' });
    app.clock.advance(60);
    const rows = [
      'role,name,pid,email,department,instructor,isActive',
      'student,Kathleen Osei,P-1,,root,other@example.org,false',
      `student,@Ben,,ben@example.org,root,other@example.org,TRUE`,
    ];
    expect(await take(rows.join('\n'))).toMatchObject({ updated: 2 });
    const [ben, kat] = await people({ role: 'student' });
    expect(ben).toMatchObject({ instructorId: other.userId, departmentId: tenant.departmentId, isActive: true });
    expect(kat).toMatchObject({ isActive: false });
    const entries = await app.database.many(
      `-- test.movedEntries
      select valid_to is null as open, count(*) as count from roster_entries where tenant_id = $1 group by 1 order by 1`,
      [tenant.tenantId],
    );
    expect(entries).toEqual([
      { open: false, count: 2 },
      { open: true, count: 2 },
    ]);
    expect((await app.as(other).get('/students')).body.data).toMatchObject([{ name: '@Ben' }]);
  });
});

describe('rows at fault', () => {
  it('are named with their columns, all of them', async () => {
    const below = await createInstructor(app.database, branch, { email: 'below@example.org', pid: 'B' });
    await createStudents(app.database, below, [{ pid: 'held', email: 'held@example.org' }, { pid: 'other' }]);
    await createAdmin(app.database, tenant, { email: 'max@example.org' });
    const far = await createDepartment(app.database, tenant);
    const { code: farCode } = await app.database.one<{ code: string }>(
      `-- test.farCode
      select code from departments where id = $1`,
      [far.departmentId],
    );
    const good = `student,Good,good@example.org,1,,${branch.code},,,`;
    const rows = [
      good,
      `student,,nonsense,2,,${branch.code},,2026-02-30,yes`,
      `nurse,X,,3,,${branch.code},,,`,
      `student,X,,,,${branch.code},,,`,
      'student,X,,4,,nowhere,nobody,,',
      'student,X,,5,,,,,',
      `student,Twice,,1,,${branch.code},,,`,
      `student,Twice,GOOD@example.org,6,,${branch.code},,,`,
      `instructor,X,,7,,${branch.code},B,,`,
      `instructor,X,,held,,${branch.code},,,`,
      `student,X,zoe@example.org,8,,${branch.code},,,`,
      'student,X,,9,,root,B,,',
      `instructor,Below,,B,,${farCode},,,`,
      `student,X,,other,,${farCode},,,`,
      'admin,Max,max@example.org,,,,,,false',
      `student,"a${'\0'}b",,10,,${branch.code},,,`,
      `student,X,held@example.org,11,,${branch.code},,,`,
    ];
    const expected = [
      '2 name value_missing',
      '2 email value_invalid',
      '2 isActive value_invalid',
      '2 joinedOn value_invalid',
      '3 role value_invalid',
      '4 pid value_missing',
      '5 department department_unknown',
      '5 instructor instructor_unknown',
      '6 department value_missing',
      '7 pid row_repeated',
      '8 email row_repeated',
      '9 instructor instructor_not_allowed',
      '10 role role_fixed',
      '11 role role_fixed',
      '12 instructor instructor_department_mismatch',
      '13 department instructor_department_mismatch',
      '14 department instructor_department_mismatch',
      '15 isActive admin_protected',
      '16 name value_invalid',
    ];
    const file = [header, ...rows].join('\n');
    const before = await people();
    const atomic = await take(file);
    expect(faults(atomic)).toEqual(expected);
    expect(atomic).toMatchObject({ applied: false, created: 1, updated: 1, failed: 15 });
    expect(await people()).toEqual(before);

    const each = await take(file, { mode: 'bestEffort' });
    expect(faults(each)).toEqual(expected);
    expect(each).toMatchObject({ applied: true, created: 1, updated: 1, failed: 15 });
    expect(statuses(each)[0]).toBe('created');
    expect((await people()).map(({ name }) => name)).toContain('Good');
  });

  it('are those that mean somebody whom an earlier row has meant', async () => {
    await createStudents(app.database, tenant, [{ pid: '1', email: 'one@example.org' }]);
    const answer = await take('role,name,pid,email\nstudent,A,1,\nstudent,B,,one@example.org\n', {
      mode: 'bestEffort',
    });
    expect(faults(answer)).toEqual(['2 pid row_repeated']);
  });

  it('include administrators that a service names', async () => {
    const file = 'role,name,email\nadmin,Zoe,zoe@example.org\nadmin,Eve,eve@example.org\n';
    const { body } = await send(file, { mode: 'bestEffort' }, app.as('service', tenant)).expect(200);
    expect(faults(body as ImportUsersResponse)).toEqual(['1 role permission_denied', '2 role permission_denied']);
  });

  it('never touch another tenant', async () => {
    const other = await createTenant(app.database);
    const foreign = await createInstructor(app.database, other, { pid: 'F', email: 'f@example.org' });
    const answer = await take(
      `role,name,pid,department,instructor\nstudent,X,F,root,f@example.org\nstudent,Y,G,root,F`,
      {
        mode: 'bestEffort',
      },
    );
    expect(faults(answer)).toEqual(['1 instructor instructor_unknown', '2 instructor instructor_unknown']);
    expect(await take(`role,name,pid,department\nstudent,X,F,root`)).toMatchObject({ created: 1 });
    const { body } = await app.as('admin', other).get(`/users/${foreign.userId}`).expect(200);
    expect(body).toMatchObject({ name: foreign.name, version: 1 });
  });
});

describe('what is no file of people', () => {
  const code = async (file: string | Buffer, status: number): Promise<string> =>
    (await send(file).expect(status)).body.code as string;

  it('is refused with what is wrong', async () => {
    expect(await code('', 400)).toBe('header_missing');
    expect(await code('\uFEFF \r\n', 400)).toBe('header_missing');
    expect(await code(Buffer.from([0xff, 0xfe, 0x41, 0x00]), 400)).toBe('file_not_utf8');
    expect(await code(Buffer.from(`${header}\nstudent,J\xf6rg,,1,,root,,,\n`, 'latin1'), 400)).toBe('file_not_utf8');
    expect(await code('student,Ada,ada@example.org\n', 400)).toBe('column_unknown');
    expect(await code('role,name,email,salary\n', 400)).toBe('column_unknown');
    expect(await code('role,name,email,Email\n', 400)).toBe('column_repeated');
    expect(await code('role,email\n', 400)).toBe('column_missing');
    expect(await code('role,name\n', 400)).toBe('column_missing');
    for (const rows of ['student,"Ada,a@x\n', 'student,Ada "x" B,a@x\n', 'student,Ada\n', '"a"b,c,d\n']) {
      const { body } = await send(`role,name,email\n${rows}`).expect(400);
      expect([body.code, body.detail]).toEqual([
        'file_malformed',
        expect.stringMatching(/^Line \d is not CSV: .{10,}\.$/),
      ]);
    }
    expect(await code(`role,name,email\nstudent,"${'x'.repeat(30_000)}",a@x\n`, 400)).toBe('file_malformed');
    expect(await people()).toHaveLength(1);
  });

  it('has nobody in it where there are no rows', async () => {
    expect(await take('role,name,email')).toMatchObject({ applied: true, created: 0, results: [] });
  });

  it('is of the right kind and not too long', async () => {
    await app.as(admin).post('/users/imports').send({ role: 'student' }).expect(415);
    await app.as(admin).post('/users/imports').set('content-type', 'text/plain').send('x').expect(415);
    await app.as(admin).post('/users/imports').expect(415);
    await app.as(admin).post('/users').set('content-type', 'text/csv').send('role,name').expect(415);
    await send('role,name,pid\n', { mode: 'some' }).expect(400);
    const rows = Array.from({ length: 20_001 }, (_, index) => `student,A,${index}`);
    expect(await code(['role,name,pid', ...rows].join('\n'), 422)).toBe('file_too_long');
    expect(await code('x'.repeat(8_388_609), 413)).toBe('body_too_large');
  });

  it('is not read further than it may be long, where nobody says how long it is', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sending = httpRequest(`${app.url}/api/v1/users/imports`, {
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'text/csv', authorization: `Bearer ${app.token(admin)}` },
      });
      sending.on('response', (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode));
      });
      sending.on('error', reject);
      sending.write('role,name,pid\n');
      for (let part = 0; part < 9; part++) sending.write(`student,A,1\n`.repeat(87_382));
      sending.end();
    });
    expect(status).toBe(413);
  });

  it('is refused to who may not, before it is read', async () => {
    const supervisor = await createInstructor(app.database, tenant, { canViewAll: true });
    await send(header, {}, app.as(supervisor)).expect(403);
    await send(header, {}, app.anonymous).expect(401);
  });
});

describe('many rows', () => {
  const many = (count: number): string => {
    const rows = Array.from({ length: count }, (_, index) =>
      index < 100
        ? `instructor,Instructor ${index},i${index}@example.org,I${index},${branch.code},`
        : `student,Student ${index},s${index}@example.org,S${index},${branch.code},I${index % 100}`,
    );
    return ['role,name,email,pid,department,instructor', ...rows].join('\n');
  };

  it('come in by the thousand', async () => {
    expect(await take(many(3_000))).toMatchObject({ applied: true, created: 3_000 });
    expect(await take(many(3_000))).toMatchObject({ applied: true, unchanged: 3_000 });
    expect(await count('users')).toBe(3_002);
    expect(await count('roster_entries')).toBe(2_900);
    const { body } = await app.as(admin).get('/students').query({ limit: 1 }).expect(200);
    expect(body.pagination.total).toBe(2_900);
  }, 120_000);

  it.each(['atomic', 'bestEffort'])('come in once from two who send them at once, %s', async (mode) => {
    const answers = await Promise.all([take(many(600), { mode }), take(many(600), { mode })]);
    expect(answers.map(({ failed }) => failed)).toEqual([0, 0]);
    expect(answers[0]!.created + answers[1]!.created).toBe(600);
    expect(answers[0]!.unchanged + answers[1]!.unchanged).toBe(600);
    expect(await count('users')).toBe(602);
    expect(await count('roster_entries')).toBe(500);
  });
});
