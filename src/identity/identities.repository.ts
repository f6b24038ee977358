import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** Somebody whom a token may mean. */
export interface Candidate {
  readonly id: string;
  readonly role: 'student' | 'instructor' | 'admin';
  readonly name: string;
  readonly pid: string | null;
  readonly departmentId: string | null;
  readonly departmentCode: string | null;
  readonly isActive: boolean;
}

const columns = `u.id, u.role, u.name, u.pid, u.department_id as "departmentId", d.code as "departmentCode",
  u.is_active as "isActive"`;
const department = 'left join departments d on d.tenant_id = u.tenant_id and d.id = u.department_id';

@Injectable()
export class IdentitiesRepository {
  constructor(private readonly database: Database) {}

  /** Who is linked; of a duplicate that was merged, the one that it was merged into. */
  findLinked(tenantId: string, issuer: string, subject: string): Promise<Candidate | null> {
    return this.database.maybeOne<Candidate>(
      `-- identity.findLinked
      select ${columns}
      from user_identities i
      join users linked on linked.tenant_id = i.tenant_id and linked.id = i.user_id
      join users u on u.tenant_id = i.tenant_id and u.id = coalesce(linked.merged_into_id, linked.id)
      ${department}
      where i.tenant_id = $1 and i.issuer = $2 and i.subject = $3`,
      [tenantId, issuer, subject],
    );
  }

  /** Everybody who has this address, number or id; duplicates that were merged have none any more. */
  listCandidates(
    tenantId: string,
    { id, email, pid }: { readonly id: string; readonly email?: string; readonly pid?: string },
  ): Promise<Candidate[]> {
    return this.database.many<Candidate>(
      `-- identity.listCandidates
      select ${columns} from users u ${department} where u.tenant_id = $1 and u.id = $2
      union select ${columns} from users u ${department} where u.tenant_id = $1 and u.email = $3
      union select ${columns} from users u ${department} where u.tenant_id = $1 and u.pid = $4`,
      [tenantId, id, email ?? null, pid ?? null],
    );
  }

  /** @returns 0 when the subject is linked, or the person is to another subject of this issuer */
  insertLink(
    tenantId: string,
    link: { readonly issuer: string; readonly subject: string; readonly userId: string },
    now: Date,
  ): Promise<number> {
    return this.database.run(
      `-- identity.insertLink
      insert into user_identities (tenant_id, issuer, subject, user_id, created_at) values ($1, $2, $3, $4, $5)
      on conflict do nothing`,
      [tenantId, link.issuer, link.subject, link.userId, now],
    );
  }

  /** The id of an active department. */
  async findDepartment(tenantId: string, code: string): Promise<string | null> {
    const row = await this.database.maybeOne<{ id: string }>(
      `-- identity.findDepartment
      select id from departments where tenant_id = $1 and code = $2 and is_active`,
      [tenantId, code],
    );
    return row?.id ?? null;
  }
}
