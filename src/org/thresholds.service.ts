import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../database/clock.js';
import type { Viewer } from '../http/viewer.js';
import { Outbox } from '../jobs/outbox.js';
import { DepartmentsRepository } from './departments.repository.js';
import { ThresholdEffect } from './thresholds.dto.js';
import { type ThresholdOwner, type Thresholds, ThresholdsRepository } from './thresholds.repository.js';

const none: ThresholdEffect = {
  studentsChanged: 0,
  newlyAtRisk: 0,
  noLongerAtRisk: 0,
  newTopPerformers: 0,
  noLongerTopPerformers: 0,
};

/** Thresholds are inherited from the tenant by departments and instructors, and stand on every student's row. */
@Injectable()
export class ThresholdsService {
  constructor(
    private readonly thresholds: ThresholdsRepository,
    private readonly departments: DepartmentsRepository,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * Alone with the thresholds of the tenant until the transaction ends, and with who is placed where: the job would not
   * see a student who is just coming, who would keep what held before. Comes before any lock on a row.
   * @param change nothing is held unless it names a threshold
   */
  async hold(tenantId: string, change: Partial<Thresholds>): Promise<void> {
    const isNamed = change.riskThreshold !== undefined || change.topPerformerThreshold !== undefined;
    if (isNamed) await this.departments.lockTree(tenantId);
  }

  /**
   * Within the transaction that changed them: keeps the change, has the rows of students follow, and tells what that
   * will do.
   */
  async follow(
    viewer: Viewer,
    owner: ThresholdOwner,
    { before, after, note = '' }: { readonly before: Thresholds; readonly after: Thresholds; readonly note?: string },
  ): Promise<ThresholdEffect> {
    const isSame =
      before.riskThreshold === after.riskThreshold && before.topPerformerThreshold === after.topPerformerThreshold;
    if (isSame) return none;
    await this.thresholds.insertChange(viewer, owner, { id: uuidv7(), before, after, note }, this.clock.now());
    return this.followAll(viewer.tenantId, 'org.thresholds-changed', owner);
  }

  /** After departments moved: what their students inherit may be another. */
  followTree(tenantId: string, departmentId: string): Promise<ThresholdEffect> {
    return this.followAll(tenantId, 'org.departments-moved', { departmentId });
  }

  /** Which sessions count as passed changes for all of the past. */
  followPassMark(tenantId: string): Promise<void> {
    return this.outbox.append(tenantId, 'org.pass-mark-changed', tenantId, {});
  }

  private async followAll(tenantId: string, topic: string, owner: ThresholdOwner): Promise<ThresholdEffect> {
    const { departmentId = null, instructorId = null } = owner;
    await this.outbox.append(tenantId, topic, departmentId ?? instructorId ?? tenantId, { departmentId, instructorId });
    return this.thresholds.countEffect(tenantId, owner);
  }
}
