import { Injectable } from '@nestjs/common';
import { NIL } from 'uuid';
import { unlockAchievements } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { AchievementsRepository } from './achievements.repository.js';
import { Achievements } from './achievements.service.js';

/** Looked at by one statement: the days of all that somebody reaches for the first time cost milliseconds each. */
const chunkStudents = 200;

@Injectable()
export class AchievementsJobs {
  constructor(
    private readonly achievements: Achievements,
    private readonly repository: AchievementsRepository,
  ) {}

  /** Of those about whom something happened; at the end of a day of those who came without an event. */
  @Handles(unlockAchievements)
  async unlock({ tenantId, payload, signal }: Run): Promise<Outcome> {
    const { studentId, studentIds = studentId && [studentId] } = payload as {
      studentId?: string;
      studentIds?: readonly string[];
    };
    let unlocked = 0;
    if (studentIds) {
      for (let from = 0; from < studentIds.length; from += chunkStudents) {
        signal.throwIfAborted();
        unlocked += await this.achievements.unlock(tenantId!, studentIds.slice(from, from + chunkStudents));
      }
      return { unlocked };
    }
    for (let ids: string[] = [], after: string = NIL; ; after = ids.at(-1)!) {
      signal.throwIfAborted();
      ids = await this.repository.listWithout(tenantId!, after, chunkStudents);
      unlocked += await this.achievements.unlock(tenantId!, ids);
      if (ids.length < chunkStudents) return { unlocked };
    }
  }
}
