import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { withChange } from '../org/changes.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { insertTwice } from '../database/errors.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { PeopleRepository, type PersonRow } from '../org/people.repository.js';
import { TenantsService } from '../org/tenants.service.js';
import { PeopleRecord, type PersonChange } from './people-record.js';
import { Placement } from './placement.js';
import { refuseAdmins, refuseInstructorOf, refuseMerged, refuseRoleChange, refuseSupervisor } from './refusals.js';
import type { ChangeUser, CreateUser, DeactivatedUser } from './users.dto.js';

@Injectable()
export class UsersService {
  constructor(
    private readonly database: Database,
    private readonly people: PeopleRepository,
    private readonly placement: Placement,
    private readonly record: PeopleRecord,
    private readonly tenants: TenantsService,
    private readonly clock: Clock,
  ) {}

  /** Answers what is there when the client's id is known and says the same. @throws Problem 409 when it says otherwise */
  create(viewer: Viewer, { invite, ...body }: CreateUser): Promise<PersonRow> {
    const { tenantId } = viewer;
    const said = asStored({ ...body, id: body.id ?? uuidv7() });
    const { id, role, name, email = null, pid = null, rank = null, phone = null, avatarUrl = null } = said;
    const { departmentId = null, instructorId = null } = said;
    refuseAdmins(viewer, [role]);
    refuseInstructorOf(role, instructorId);
    const create = async (): Promise<PersonRow> => {
      const joinedOn = said.joinedOn ?? (await this.tenants.today(tenantId));
      const user = { id, role, name, email, pid, rank, phone, avatarUrl, departmentId, joinedOn };
      if (!(await this.people.insert(tenantId, user, this.clock.now()))) {
        const known = await this.people.find(tenantId, id);
        if (known && withChange(known, said) === known) return known;
        throw Problem.conflict('user_exists', 'Another person has this id.', '/id');
      }
      if (role === 'instructor') await this.people.ensureProfiles(tenantId, [id]);
      if (role === 'student') {
        await this.placement.demandInstructor(tenantId, instructorId);
        await this.placement.assign(tenantId, [{ studentId: id, instructorId }]);
      }
      const created = (await this.people.find(tenantId, id))!;
      await this.record.changes(viewer, [{ action: 'user.created', before: null, after: created }]);
      if (invite && email !== null) await this.record.invitations(viewer, [id]);
      return created;
    };
    return insertTwice(() => this.database.transaction(create));
  }

  /**
   * @param version that the client has read; undefined where any will do
   * @throws Problem 403 for a service that means an administrator or takes a supervisor over, 404, 409 for an address or number that is taken, the
   *   last administrator or somebody merged, 412 for another version, 422 where role, department and instructor do not
   *   go together
   */
  change(viewer: Viewer, userId: string, change: ChangeUser, version?: number): Promise<PersonRow> {
    const { tenantId } = viewer;
    return this.database.transaction(async () => {
      await this.placement.lock(tenantId, [userId]);
      const mayTakeAdmin = change.role !== undefined || change.isActive === false;
      const locked = await this.people.lock(tenantId, [userId], mayTakeAdmin);
      const before = locked.find(({ id }) => id === userId.toLowerCase());
      if (!before) throw Problem.notFound('user');
      if (version !== undefined && version !== before.version) throw Problem.versionMismatch();
      refuseAdmins(viewer, [before.role, change.role]);
      const wanted = withChange(before, asStored(change));
      if (wanted === before) return before;
      refuseMerged(before);
      if (viewer.role === 'service' && (await this.people.isSupervisor(tenantId, before.id))) {
        refuseSupervisor(before, wanted);
      }
      refuseRoleChange(before, wanted);
      refuseInstructorOf(wanted.role, wanted.instructorId);
      if (isAdmin(before) && !isAdmin(wanted) && locked.filter(isAdmin).length === 1) {
        throw Problem.conflict('admin_last', 'This is the last active administrator, and there must be one.');
      }
      await this.write(tenantId, before, wanted);
      const after = { ...wanted, version: before.version + 1 };
      await this.record.changes(viewer, [{ action: actionOf(before, after), before, after }]);
      return after;
    });
  }

  deactivate(viewer: Viewer, userId: string): Promise<DeactivatedUser> {
    return this.database.transaction(async () => {
      const user = await this.change(viewer, userId, { isActive: false });
      return { ...user, rosterStudents: await this.people.countRoster(viewer.tenantId, userId) };
    });
  }

  /** @throws Problem 403, 404, 409 for who cannot be invited */
  invite(viewer: Viewer, userId: string): Promise<void> {
    return this.database.transaction(async () => {
      const [person] = await this.people.lock(viewer.tenantId, [userId]);
      if (!person) throw Problem.notFound('user');
      refuseAdmins(viewer, [person.role]);
      if (!person.isActive) throw Problem.conflict('user_inactive', 'This person has been deactivated.');
      if (person.email === null) throw Problem.conflict('email_missing', 'This person has no e-mail address.');
      if (person.hasPassword) throw Problem.conflict('password_present', 'This person has a password already.');
      await this.record.invitations(viewer, [person.id]);
    });
  }

  private async write(tenantId: string, before: PersonRow, after: PersonRow): Promise<void> {
    const { id, role, instructorId } = after;
    const changesHands = instructorId !== before.instructorId;
    if (changesHands) {
      await this.placement.demandInstructor(tenantId, instructorId);
      await this.placement.release(tenantId, [id]);
    }
    const moves = after.departmentId !== before.departmentId || after.isActive !== before.isActive;
    await this.people.update(tenantId, after, moves);
    if (role === 'instructor' && before.role !== role) await this.people.ensureProfiles(tenantId, [id]);
    if (role === 'student' && (changesHands || after.departmentId !== before.departmentId)) {
      await this.placement.assign(tenantId, [{ studentId: id, instructorId }]);
    }
  }
}

/** Addresses and ids are kept in lower case, whatever is sent. */
function asStored<T extends object>(said: T): T {
  const kept = (key: string, value: unknown): unknown =>
    typeof value === 'string' && /^(email|id|\w+Id)$/.test(key) ? value.toLowerCase() : value;
  return Object.fromEntries(Object.entries(said).map(([key, value]) => [key, kept(key, value)])) as T;
}

function isAdmin({ role, isActive }: PersonRow): boolean {
  return role === 'admin' && isActive;
}

function actionOf(before: PersonRow, after: PersonRow): PersonChange['action'] {
  if (before.isActive === after.isActive) return 'user.changed';
  return after.isActive ? 'user.activated' : 'user.deactivated';
}
