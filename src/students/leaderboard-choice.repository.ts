import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import type { LeaderboardChoice } from './leaderboard-choice.dto.js';

type Student = Pick<Viewer, 'tenantId' | 'userId'>;

@Injectable()
export class LeaderboardChoiceRepository {
  constructor(private readonly database: Database) {}

  find({ tenantId, userId }: Student): Promise<LeaderboardChoice | null> {
    return this.database.maybeOne<LeaderboardChoice>(
      `-- students.findLeaderboardChoice
      select takes_part as "takesPart" from student_progress where tenant_id = $1 and student_id = $2 and is_active`,
      [tenantId, userId],
    );
  }

  /** As it is, locked for a change; and whose roster the student is on. */
  lock({ tenantId, userId }: Student): Promise<(LeaderboardChoice & { instructorId: string | null }) | null> {
    return this.database.maybeOne<LeaderboardChoice & { instructorId: string | null }>(
      `-- students.lockLeaderboardChoice
      select takes_part as "takesPart", instructor_id as "instructorId"
      from student_progress where tenant_id = $1 and student_id = $2 and is_active
      for no key update`,
      [tenantId, userId],
    );
  }

  async update({ tenantId, userId }: Student, takesPart: boolean | null): Promise<void> {
    await this.database.run(
      `-- students.updateLeaderboardChoice
      update student_progress set takes_part = $3 where tenant_id = $1 and student_id = $2`,
      [tenantId, userId, takesPart],
    );
  }
}
