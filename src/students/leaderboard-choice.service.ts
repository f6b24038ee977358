import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import type { LeaderboardChoice } from './leaderboard-choice.dto.js';
import { LeaderboardChoiceRepository } from './leaderboard-choice.repository.js';

@Injectable()
export class LeaderboardChoiceService {
  constructor(
    private readonly database: Database,
    private readonly choices: LeaderboardChoiceRepository,
    private readonly audit: AuditRecorder,
    private readonly cache: Cache,
  ) {}

  /** @throws Problem 404 for who is no active student any more */
  async show(viewer: Viewer): Promise<LeaderboardChoice> {
    const choice = await this.choices.find(viewer);
    if (!choice) throw Problem.notFound('student');
    return choice;
  }

  /** Once this has answered, no leaderboard says anything else. @throws Problem 404 */
  choose(viewer: Viewer, takesPart: boolean | null): Promise<LeaderboardChoice> {
    return this.database.transaction(async () => {
      const locked = await this.choices.lock(viewer);
      if (!locked) throw Problem.notFound('student');
      if (locked.takesPart !== takesPart) {
        await this.choices.update(viewer, takesPart);
        await this.audit.record(viewer, {
          action: 'student.leaderboard_chosen',
          targetType: 'student',
          targetId: viewer.userId,
          before: { takesPart: locked.takesPart },
          after: { takesPart },
        });
        const { tenantId, userId } = viewer;
        const tags = [`student:${userId}`, `roster:${locked.instructorId}`, `tenant:${tenantId}`];
        await this.database.afterCommit(() => this.cache.bump(tags));
      }
      return { takesPart };
    });
  }
}
