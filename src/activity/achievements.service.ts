import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { Outbox } from '../jobs/outbox.js';
import { delegationOf } from '../students/student-filter.js';
import { achievementRules } from './achievement-rules.js';
import type { AchievementResponse } from './achievements.dto.js';
import { AchievementsRepository } from './achievements.repository.js';

/** What students have achieved: never taken away, and never twice. */
@Injectable()
export class Achievements {
  constructor(
    private readonly database: Database,
    private readonly achievements: AchievementsRepository,
    private readonly outbox: Outbox,
    private readonly audit: AuditRecorder,
    private readonly cache: Cache,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem 404 */
  async list(viewer: Viewer, studentId: string): Promise<AchievementResponse[]> {
    const rows = await this.achievements.list(viewer, studentId, achievementRules);
    const [first] = rows;
    if (!first) throw Problem.notFound('student');
    if (viewer.userId !== studentId) {
      await this.audit.recordRead(viewer, {
        action: 'achievements.viewed',
        targetType: 'student',
        targetId: studentId,
        after: delegationOf(viewer, first.instructorId),
      });
    }
    return rows.map(({ instructorId: _, ...row }) => row);
  }

  /** Mostly nothing is reached, and then nothing is written. @returns how many were unlocked */
  async unlock(tenantId: string, studentIds: readonly string[]): Promise<number> {
    const reached = await this.achievements.listReached(tenantId, studentIds, achievementRules);
    if (reached.length === 0) return 0;
    const codes = new Set(reached.map(({ code }) => code));
    return this.database.transaction(async () => {
      const wanted = achievementRules.filter(({ code }) => codes.has(code));
      await this.achievements.insertMissing(tenantId, wanted);
      const unlocked = await this.achievements.unlock(tenantId, reached, this.clock.now());
      if (unlocked.length > 0) await this.record(tenantId, unlocked);
      return unlocked.length;
    });
  }

  private async record(tenantId: string, unlocked: readonly { studentId: string; code: string }[]): Promise<void> {
    const students = [...new Set(unlocked.map(({ studentId }) => studentId))];
    await this.audit.record(
      { tenantId, userId: null, role: 'service' },
      unlocked.map(({ studentId, code }) => ({
        action: 'achievement.unlocked',
        targetType: 'student',
        targetId: studentId,
        after: { code },
      })),
    );
    await this.outbox.append(tenantId, 'activity.achievements-unlocked', students[0]!, { studentIds: students });
    await this.database.afterCommit(() => this.cache.bump(students.map((id) => `student:${id}`)));
  }
}
