import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Database } from '../database/database.js';
import { type Page, positionOf, toPage } from '../http/paging.js';
import { declareConstraint, Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { withChange } from '../org/changes.js';
import { type Moment, TenantsService } from '../org/tenants.service.js';
import { delegationOf } from '../students/student-filter.js';
import { scopeKey } from '../students/student-reads.js';
import { cursorKinds, cursorOf, InterventionListRepository } from './intervention-list.repository.js';
import { type CaseEvent, InterventionRecord } from './intervention-record.js';
import { type EntryKind, refuseStep, type Step } from './intervention-states.js';
import {
  AddNote, ChangeIntervention, DismissIntervention, Intervention, InterventionCounts, InterventionDetail,
  InterventionFilter, InterventionsQuery, RecordContact, ReopenIntervention, ResolveIntervention, SnoozeIntervention,
} from './interventions.dto.js'; // prettier-ignore
import { type Case, InterventionsRepository } from './interventions.repository.js';

// of two cases that are reopened at the same time, when the look before has found none
declareConstraint('interventions__open_key', {
  status: 409,
  code: 'intervention_open',
  detail: 'This student has an open case.',
});

/** What a step makes of a case. */
interface Outcome {
  readonly after: Case;
  readonly kind: EntryKind;
  readonly note?: string;
  readonly details?: object;
  readonly event?: CaseEvent;
}

/** Cases that are there: shown, and brought on from step to step. */
@Injectable()
export class InterventionsService {
  constructor(
    private readonly database: Database,
    private readonly interventions: InterventionsRepository,
    private readonly lists: InterventionListRepository,
    private readonly record: InterventionRecord,
    private readonly audit: AuditRecorder,
    private readonly tenants: TenantsService,
  ) {}

  async list(viewer: Viewer, query: InterventionsQuery): Promise<Page<Intervention>> {
    const { limit: _, page: __, cursor: ___, sort, order = sort === 'due' ? 'asc' : 'desc', ...filter } = query;
    const listing = { scope: ['interventions', scopeKey(viewer), filter, sort, order], keys: cursorKinds(sort) };
    const position = positionOf(query, listing);
    const today = await this.tenants.today(viewer.tenantId);
    const [rows, total] = await Promise.all([
      this.lists.list(viewer, filter, { sort, order, today }, position),
      position.page === undefined ? undefined : this.lists.count(viewer, filter, today),
    ]);
    return toPage(rows, position, { listing, keysOf: (row) => cursorOf(sort, row), total });
  }

  async count(viewer: Viewer, filter: InterventionFilter): Promise<InterventionCounts> {
    return this.lists.countByStatus(viewer, filter, await this.tenants.today(viewer.tenantId));
  }

  async detail(viewer: Viewer, id: string): Promise<InterventionDetail> {
    const found = await this.interventions.find(viewer, id, await this.tenants.today(viewer.tenantId));
    if (!found) throw Problem.notFound('intervention');
    const entries = await this.interventions.listEntries(viewer.tenantId, id);
    await this.audit.recordRead(viewer, {
      action: 'intervention.viewed',
      targetType: 'student',
      targetId: found.studentId,
      after: { id, ...delegationOf(viewer, found.instructorId) },
    });
    return { ...shown(found), entries };
  }

  /** @throws Problem 404, 409, 412, 422 for an owner who may not see the student and for a day that is past */
  change(viewer: Viewer, id: string, version: number, change: ChangeIntervention): Promise<Intervention> {
    return this.step(viewer, id, version, 'change', async (before, { today, now }) => {
      const after = withChange(before, { ...change, ownerId: change.ownerId?.toLowerCase() });
      if (after === before) return null;
      const { ownerId, studentId, dueOn } = after;
      if (dueOn !== before.dueOn) refusePast(dueOn, today);
      if (ownerId !== before.ownerId) {
        const isSuitable = await this.interventions.isSuitable(viewer.tenantId, ownerId, studentId, now);
        if (!isSuitable) throw ownerUnsuitable();
      }
      const changed = (['ownerId', 'dueOn', 'reason'] as const).filter((name) => after[name] !== before[name]);
      const details = Object.fromEntries(changed.map((name) => [name, { from: before[name], to: after[name] }]));
      return { after, kind: 'changed', details };
    });
  }

  note(viewer: Viewer, id: string, version: number, { note }: AddNote): Promise<Intervention> {
    return this.step(viewer, id, version, 'note', (before) => ({ after: before, kind: 'note', note }));
  }

  /** Any number of times; what the case itself says is of the first one. */
  contact(viewer: Viewer, id: string, version: number, { action, note }: RecordContact): Promise<Intervention> {
    return this.step(viewer, id, version, 'contact', (before, { today, now }) => ({
      after:
        before.contactedAt !== null
          ? { ...before, status: 'contacted' }
          : {
              ...before,
              status: 'contacted',
              action,
              contactedAt: now.toISOString(),
              contactedDay: today,
              contactedScore: before.riskScore,
            },
      kind: 'contacted',
      note,
      details: { action },
      event: 'contacted',
    }));
  }

  resolve(viewer: Viewer, id: string, version: number, { outcome, note }: ResolveIntervention): Promise<Intervention> {
    return this.step(viewer, id, version, 'resolve', (before, { now }) => ({
      after: { ...closed(before, viewer, now), status: 'resolved', outcome },
      kind: 'resolved',
      note,
      details: { outcome },
      event: 'closed',
    }));
  }

  dismiss(viewer: Viewer, id: string, version: number, { reason, note }: DismissIntervention): Promise<Intervention> {
    return this.step(viewer, id, version, 'dismiss', (before, { now }) => ({
      after: { ...closed(before, viewer, now), status: 'dismissed', dismissal: reason },
      kind: 'dismissed',
      note,
      details: { reason },
      event: 'closed',
    }));
  }

  snooze(viewer: Viewer, id: string, version: number, { until, note }: SnoozeIntervention): Promise<Intervention> {
    return this.step(viewer, id, version, 'snooze', (before, { today }) => {
      if (until !== null && until <= today) {
        throw Problem.unprocessable('day_past', 'It can sleep until tomorrow at the earliest.', '/until');
      }
      return { after: { ...before, snoozedUntil: until }, kind: 'snoozed', note, details: { until } };
    });
  }

  /** As it was before it was closed. From then on people alone close it. */
  reopen(viewer: Viewer, id: string, version: number, { note }: ReopenIntervention): Promise<Intervention> {
    return this.step(viewer, id, version, 'reopen', async (before) => {
      const other = await this.interventions.findOpen(viewer.tenantId, before.studentId);
      if (other !== null) throw alreadyOpen(other);
      const after: Case = {
        ...before,
        status: before.contactedAt === null ? 'open' : 'contacted',
        snoozedUntil: null,
        closedAt: null,
        closedBy: null,
        closedScore: null,
        closedItself: false,
        outcome: null,
        dismissal: null,
      };
      return { after, kind: 'reopened', note, event: 'reopened' };
    });
  }

  /** @param version that the client has read: whoever has read another writes nothing */
  private step(
    viewer: Viewer,
    id: string,
    version: number,
    step: Step,
    take: (before: Case, moment: Moment) => Outcome | null | Promise<Outcome | null>,
  ): Promise<Intervention> {
    const { tenantId, userId } = viewer;
    return this.database.transaction(async () => {
      const moment = await this.tenants.moment(tenantId);
      const before = await this.interventions.lock(viewer, id, moment.today);
      if (!before) throw Problem.notFound('intervention');
      if (version !== before.version) throw Problem.versionMismatch();
      refuseStep(step, before);
      const outcome = await take(before, moment);
      if (!outcome) return shown(before);
      const { after, kind, note = '', details = null, event } = outcome;
      await this.interventions.update(tenantId, after, moment.now);
      const entry = { id: uuidv7(), interventionId: id, actorId: userId, kind, note, details };
      await this.record.happened(viewer, [{ before, after, entry }], { event, now: moment.now });
      return shown((await this.interventions.find(viewer, id, moment.today))!);
    });
  }
}

/** @throws Problem 422 */
export function refusePast(dueOn: string | null, today: string): void {
  if (dueOn === null || dueOn >= today) return;
  throw Problem.unprocessable('day_past', 'Something must happen by today at the earliest.', '/dueOn');
}

export function ownerUnsuitable(): Problem {
  const detail = 'There is no active member of staff of this id who may see the student.';
  return Problem.unprocessable('owner_unsuitable', detail, '/ownerId');
}

export function alreadyOpen(id: string): Problem {
  return new Problem(409, 'intervention_open', {
    detail: `This student has an open case: ${id}.`,
    headers: { location: `/api/v1/interventions/${id}` },
  });
}

function closed(before: Case, { userId }: Viewer, now: Date): Case {
  return { ...before, closedAt: now.toISOString(), closedBy: userId, closedScore: before.riskScore };
}

/** What of a case is told. */
export function shown({ contactedDay: _, instructorId: __, ...intervention }: Case): Intervention {
  return intervention;
}
