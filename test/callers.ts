import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import request, { type Response, type Test } from 'supertest';
import { type Permission, permissions, type Role } from '../src/auth/permissions.js';
import type { Viewer } from '../src/http/viewer.js';
import type { TestApp } from './app.js';
import { createAdmin, createInstructor, createStudent, createTenant, serviceIdOf } from './factories.js';
import { type Operation, urlOf } from './operations.js';

const installation = '00000000-0000-0000-0000-000000000000';

/** Calls each operation as somebody who may. */
export interface Callers {
  /** @param suffix what comes behind the path */
  call(operation: Operation, suffix?: string): Test;
}

/** A row where there is an installation to belong to; whoever writes is looked up. */
async function createOperator({ database }: TestApp): Promise<Viewer> {
  const viewer: Viewer = { tenantId: installation, userId: randomUUID(), role: 'operator', departmentId: null };
  await database.run(
    `-- test.insertOperator
    insert into users (tenant_id, id, role, name, joined_on, created_at)
    select id, $2, 'operator', 'Operator', '2025-09-01', '2025-09-01' from tenants where id = $1`,
    [installation, viewer.userId],
  );
  return viewer;
}

/** As far as the first that a stream says, or all of a refusal. */
function readBeginning(response: Response, done: (error: Error | null, body: unknown) => void): void {
  // what a parser is given is not the answer that it makes
  const answer = response as unknown as IncomingMessage & { text: string };
  const isStream = answer.headers['content-type']?.startsWith('text/event-stream') === true;
  answer.text = '';
  answer.setEncoding('utf8').on('data', (chunk: string) => {
    answer.text += chunk;
    if (!isStream) return;
    done(null, {});
    answer.destroy();
  });
  answer.on('end', () => done(null, JSON.parse(answer.text)));
}

export async function createCallers(app: TestApp): Promise<Callers> {
  const tenant = await createTenant(app.database);
  const supervisor = await createInstructor(app.database, tenant, { canViewAll: true });
  const viewers: Partial<Record<Role, Viewer>> = {
    admin: await createAdmin(app.database, tenant),
    supervisor,
    instructor: await createInstructor(app.database, tenant),
    student: await createStudent(app.database, supervisor),
    service: { tenantId: tenant.tenantId, userId: serviceIdOf(tenant), role: 'service', departmentId: null },
    operator: await createOperator(app),
  };
  const tokens = new Map<Role, string>();
  const tokenOf = (role: Role): string => {
    const token = tokens.get(role) ?? app.token(viewers[role]!);
    tokens.set(role, token);
    return token;
  };
  const roles: readonly Role[] = ['admin', 'supervisor', 'instructor', 'service', 'student', 'operator'];
  const roleFor = ({ permission }: Operation): Role => {
    if (permission === null) return 'admin';
    const allowed: readonly string[] = permissions[permission as Permission];
    return roles.find((role) => allowed.includes(role))!;
  };
  return {
    call(operation, suffix = '') {
      const method = operation.method as 'get' | 'post' | 'put' | 'patch' | 'delete';
      const test = request(app.url)[method](urlOf(operation) + suffix);
      for (const { name, in: place, required } of operation.parameters) {
        if (place === 'header' && required === true) test.set(name, '"1"');
      }
      if (operation.isStream) test.buffer(true).parse(readBeginning);
      return operation.isPublic ? test : test.set('authorization', `Bearer ${tokenOf(roleFor(operation))}`);
    },
  };
}
