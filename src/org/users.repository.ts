import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

export interface User {
  readonly id: string;
  /** Operators are of the installation, and nobody else is. */
  readonly role: 'student' | 'instructor' | 'admin' | 'operator';
  readonly name: string;
  readonly email: string | null;
  /** The organisation's own number of the person. */
  readonly pid: string | null;
  readonly rank: string | null;
  /** E.164, `+441632960123`. */
  readonly phone: string | null;
  readonly departmentId: string | null;
  readonly isActive: boolean;
  /** A day, `2026-09-01`. */
  readonly joinedOn: string;
}

export type NewUser = Pick<User, 'id' | 'role' | 'name' | 'departmentId' | 'joinedOn'> &
  Partial<Pick<User, 'email' | 'pid' | 'rank' | 'phone' | 'isActive'>> & {
    readonly avatarUrl?: string | null;
    /** Made by `Passwords`; without one the person cannot sign in. */
    readonly passwordHash?: string | null;
  };

const columns = `id, role, name, email, pid, rank, phone, department_id as "departmentId", is_active as "isActive",
  joined_on as "joinedOn"`;

@Injectable()
export class UsersRepository {
  constructor(private readonly database: Database) {}

  find(tenantId: string, userId: string): Promise<User | null> {
    return this.database.maybeOne<User>(
      `-- org.findUser
      select ${columns} from users where tenant_id = $1 and id = $2`,
      [tenantId, userId],
    );
  }

  findByEmail(tenantId: string, email: string): Promise<User | null> {
    return this.database.maybeOne<User>(
      `-- org.findUserByEmail
      select ${columns} from users where tenant_id = $1 and email = lower($2)`,
      [tenantId, email],
    );
  }

  /** Everybody who has one of these ids, addresses or numbers; what an import must know before it writes. */
  listKnown(
    tenantId: string,
    known: { readonly ids?: readonly string[]; readonly emails?: readonly string[]; readonly pids?: readonly string[] },
  ): Promise<User[]> {
    const { ids = [], emails = [], pids = [] } = known;
    return this.database.many<User>(
      `-- org.listKnownUsers
      select ${columns} from users where tenant_id = $1 and id = any ($2::uuid[])
      union select ${columns} from users where tenant_id = $1 and email = any ($3::text[])
      union select ${columns} from users where tenant_id = $1 and pid = any ($4::text[])
      order by id`,
      [tenantId, ids, emails.map((email) => email.toLowerCase()), pids],
    );
  }

  /**
   * In one statement. A student's progress row comes to be by trigger, which takes most of the time: of students, send no
   * more than 2,000 at once, of others any number.
   */
  insert(tenantId: string, users: readonly NewUser[], now: Date): Promise<number> {
    return this.database.run(
      `-- org.insertUsers
      insert into users
        (tenant_id, id, role, name, email, pid, rank, phone, avatar_url, department_id, is_active, password_hash,
         joined_on, created_at)
      select $1, id, role, name, lower(email), pid, rank, phone, "avatarUrl", "departmentId", coalesce("isActive", true),
        "passwordHash", "joinedOn", $3
      from jsonb_to_recordset($2::jsonb) as new (
        id uuid, role text, name text, email text, pid text, rank text, phone text, "avatarUrl" text, "departmentId" uuid,
        "isActive" boolean, "passwordHash" text, "joinedOn" date)`,
      [tenantId, JSON.stringify(users), now],
    );
  }

  /** @returns 0 for who has been deactivated */
  updateLastLogin(tenantId: string, userId: string, now: Date, passwordHash: string | null = null): Promise<number> {
    return this.database.run(
      `-- org.updateLastLogin
      update users set last_login_at = $3
      where tenant_id = $1 and id = $2 and is_active and ($4::text is null or password_hash = $4)`,
      [tenantId, userId, now, passwordHash],
    );
  }
}
