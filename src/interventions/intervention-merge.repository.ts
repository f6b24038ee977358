import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

export interface OpenCase {
  readonly id: string;
  readonly studentId: string;
  readonly instructorId: string | null;
}

/** Cases of two people who are one. */
@Injectable()
export class InterventionMergeRepository {
  constructor(private readonly database: Database) {}

  /** All cases of these students, so that none is reopened meanwhile. */
  async lock(tenantId: string, studentIds: readonly string[]): Promise<void> {
    await this.database.run(
      `-- interventions.lockOfStudents
      select from interventions where tenant_id = $1 and student_id = any ($2) order by id for no key update`,
      [tenantId, studentIds],
    );
  }

  /** The open ones of these students; first the one that goes on: somebody was contacted, or it is the older. */
  listOpen(tenantId: string, studentIds: readonly string[]): Promise<OpenCase[]> {
    return this.database.many<OpenCase>(
      `-- interventions.listOpenOfStudents
      select c.id, c.student_id as "studentId", p.instructor_id as "instructorId"
      from interventions c join student_progress p on p.tenant_id = $1 and p.student_id = c.student_id
      where c.tenant_id = $1 and c.student_id = any ($2) and c.closed_at is null
      order by c.contacted_at nulls last, c.opened_at, c.id`,
      [tenantId, studentIds],
    );
  }

  async closeDuplicate(tenantId: string, id: string, actorId: string, now: Date): Promise<void> {
    await this.database.run(
      `-- interventions.closeDuplicate
      update interventions
      set status = 'resolved', outcome = 'duplicate', closed_at = $4, closed_by = $3, version = version + 1,
        updated_at = $4
      where tenant_id = $1 and id = $2`,
      [tenantId, id, actorId, now],
    );
  }

  /** What is on the one is on the other, and what is the one's is the other's. */
  async giveAway(tenantId: string, fromId: string, intoId: string, now: Date): Promise<void> {
    await this.database.run(
      `-- interventions.giveAway
      update interventions
      set student_id = case when student_id = $2 then $3 else student_id end,
        owner_id = case when owner_id = $2 then $3 else owner_id end, version = version + 1, updated_at = $4
      where tenant_id = $1 and (student_id = $2 or owner_id = $2)`,
      [tenantId, fromId, intoId, now],
    );
  }
}
