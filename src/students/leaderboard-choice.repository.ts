import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import type { LeaderboardChoice } from './leaderboard-choice.dto.js';

@Injectable()
export class LeaderboardChoiceRepository {
  constructor(private readonly database: Database) {}

  find(viewer: Viewer): Promise<LeaderboardChoice | null> {
    return this.database.maybeOne<LeaderboardChoice>(
      `-- students.findLeaderboardChoice
      select takes_part as "takesPart" from student_progress where tenant_id = $1 and student_id = $2 and is_active`,
      [viewer.tenantId, viewer.userId],
    );
  }

  /** As it is, locked for a change; and whose roster the student is on. */
  lock(viewer: Viewer): Promise<(LeaderboardChoice & { instructorId: string | null }) | null> {
    return this.database.maybeOne<LeaderboardChoice & { instructorId: string | null }>(
      `-- students.lockLeaderboardChoice
      select takes_part as "takesPart", instructor_id as "instructorId"
      from student_progress where tenant_id = $1 and student_id = $2 and is_active
      for no key update`,
      [viewer.tenantId, viewer.userId],
    );
  }

  async update(viewer: Viewer, takesPart: boolean | null): Promise<void> {
    await this.database.run(
      `-- students.updateLeaderboardChoice
      update student_progress set takes_part = $3 where tenant_id = $1 and student_id = $2`,
      [viewer.tenantId, viewer.userId, takesPart],
    );
  }
}
