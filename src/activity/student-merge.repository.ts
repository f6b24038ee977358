import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** What two students have done, brought together. The caller holds the locks of both. */
@Injectable()
export class StudentMergeRepository {
  constructor(private readonly database: Database) {}

  /** Sessions keep their ids and days. @returns how many there were */
  moveSessions(tenantId: string, fromId: string, intoId: string): Promise<number> {
    return this.database.run(
      `-- activity.moveSessions
      with moved as (
        update sessions set student_id = $3 where tenant_id = $1 and student_id = $2 returning id
      )
      update session_keys k set student_id = $3 from moved where k.tenant_id = $1 and k.session_id = moved.id`,
      [tenantId, fromId, intoId],
    );
  }

  async mergeCategories(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.database.run(
      `-- activity.mergeCategories
      with gone as (
        delete from category_progress where tenant_id = $1 and student_id = $2 returning *
      )
      insert into category_progress as c
        (tenant_id, student_id, category_id, sessions_completed, questions, correct, score_sum, score_count)
      select $1, $3, category_id, sessions_completed, questions, correct, score_sum, score_count from gone
      on conflict (tenant_id, student_id, category_id) do update
      set sessions_completed = c.sessions_completed + excluded.sessions_completed,
        questions = c.questions + excluded.questions, correct = c.correct + excluded.correct,
        score_sum = c.score_sum + excluded.score_sum, score_count = c.score_count + excluded.score_count`,
      [tenantId, fromId, intoId],
    );
  }

  /** @returns the days there were */
  async deleteSnapshots(tenantId: string, studentId: string): Promise<string[]> {
    const rows = await this.database.many<{ day: string }>(
      `-- activity.deleteSnapshots
      delete from progress_snapshots where tenant_id = $1 and student_id = $2 returning day`,
      [tenantId, studentId],
    );
    return rows.map(({ day }) => day);
  }

  /** Each once, unlocked when the first of the two did. */
  async mergeAchievements(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.database.run(
      `-- activity.mergeAchievements
      with gone as (
        delete from student_achievements where tenant_id = $1 and student_id = $2 returning *
      )
      insert into student_achievements as a (tenant_id, student_id, achievement_id, unlocked_at, reached_on)
      select $1, $3, achievement_id, unlocked_at, reached_on from gone
      on conflict (tenant_id, student_id, achievement_id) do update
      set unlocked_at = least(a.unlocked_at, excluded.unlocked_at), reached_on = least(a.reached_on, excluded.reached_on)`,
      [tenantId, fromId, intoId],
    );
  }
}
