import { Injectable } from '@nestjs/common';
import { Outbox } from '../jobs/outbox.js';
import { ThresholdEffect } from './thresholds.dto.js';
import { ThresholdsRepository } from './thresholds.repository.js';

export interface Thresholds {
  readonly riskThreshold: number | null;
  readonly topPerformerThreshold: number | null;
}

/** Whose students a change concerns: of one instructor, of a department and all below it, or of the tenant. */
export interface Reach {
  readonly departmentId?: string;
  readonly instructorId?: string;
}

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
    private readonly outbox: Outbox,
  ) {}

  /** Within the transaction that changed them: has the rows of students follow, and tells what that will do. */
  async follow(tenantId: string, before: Thresholds, after: Thresholds, reach: Reach): Promise<ThresholdEffect> {
    const isSame =
      before.riskThreshold === after.riskThreshold && before.topPerformerThreshold === after.topPerformerThreshold;
    return isSame ? none : this.followAll(tenantId, 'org.thresholds-changed', reach);
  }

  /** After departments moved: what their students inherit may be another. */
  followTree(tenantId: string, departmentId: string): Promise<ThresholdEffect> {
    return this.followAll(tenantId, 'org.departments-moved', { departmentId });
  }

  private async followAll(tenantId: string, topic: string, reach: Reach): Promise<ThresholdEffect> {
    const { departmentId = null, instructorId = null } = reach;
    await this.outbox.append(tenantId, topic, departmentId ?? instructorId ?? tenantId, { departmentId, instructorId });
    return this.thresholds.countEffect(tenantId);
  }
}
