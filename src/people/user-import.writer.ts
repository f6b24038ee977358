import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import type { Viewer } from '../http/viewer.js';
import { PeopleRepository } from '../org/people.repository.js';
import { UsersRepository } from '../org/users.repository.js';
import { PeopleRecord, type PersonChange } from './people-record.js';
import { Placement } from './placement.js';
import type { RowPlan } from './user-import.plan.js';
import type { KnownPerson } from './user-imports.repository.js';

/** Writes what rows mean, with a fixed number of statements for any number of rows. */
@Injectable()
export class UserImportWriter {
  constructor(
    private readonly users: UsersRepository,
    private readonly people: PeopleRepository,
    private readonly placement: Placement,
    private readonly record: PeopleRecord,
    private readonly clock: Clock,
  ) {}

  /** @param plans of people who are new or change, each once */
  async write(viewer: Viewer, plans: readonly RowPlan[], invite: boolean): Promise<void> {
    const { tenantId } = viewer;
    const created = plans.filter(({ before }) => before === null).map(({ after }) => after);
    const changed = plans.filter((plan): plan is RowPlan & { before: KnownPerson } => plan.before !== null);
    const idsOf = (list: readonly RowPlan[]): string[] => list.map(({ after }) => after.id);
    await this.placement.lock(tenantId, idsOf(changed));
    const handed = changed.filter(({ before, after }) => before.instructorId !== after.instructorId);
    if (handed.length > 0) await this.placement.release(tenantId, idsOf(handed));
    if (created.length > 0) await this.users.insert(tenantId, created, this.clock.now());
    for (const moves of [true, false]) {
      const patches = changed.filter((plan) => isMoving(plan) === moves).map(patchOf);
      if (patches.length > 0) await this.people.patch(tenantId, patches, moves);
    }
    const instructors = created.filter(({ role }) => role === 'instructor');
    if (instructors.length > 0) {
      await this.people.ensureProfiles(
        tenantId,
        instructors.map(({ id }) => id),
      );
    }
    const placed = plans.filter(
      ({ before, after }) =>
        after.role === 'student' &&
        (before?.departmentId !== after.departmentId || before.instructorId !== after.instructorId),
    );
    await this.placement.assign(
      tenantId,
      placed.map(({ after: { id, instructorId } }) => ({ studentId: id, instructorId })),
    );
    await this.record.changes(
      viewer,
      plans.map((plan) => ({ action: actionOf(plan), before: plan.before, after: plan.after })),
    );
    if (invite) {
      const invited = created.filter(({ email, isActive }) => email !== null && isActive);
      await this.record.invitations(
        viewer,
        invited.map(({ id }) => id),
      );
    }
  }
}

/** Only what changes, so that a change that somebody else makes at the same time to something else is not undone. */
function patchOf({ before, after }: RowPlan & { readonly before: KnownPerson }): Partial<KnownPerson> & { id: string } {
  const entries = Object.entries(after).filter(([key, value]) => before[key as keyof KnownPerson] !== value);
  return { ...(Object.fromEntries(entries) as Partial<KnownPerson>), id: after.id };
}

function isMoving({ before, after }: RowPlan & { readonly before: KnownPerson }): boolean {
  return before.departmentId !== after.departmentId || before.isActive !== after.isActive;
}

function actionOf({ before, after }: RowPlan): PersonChange['action'] {
  if (before === null) return 'user.created';
  if (before.isActive === after.isActive) return 'user.changed';
  return after.isActive ? 'user.activated' : 'user.deactivated';
}
