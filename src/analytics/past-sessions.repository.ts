import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** What sessions that are not kept any more were counted for. */
@Injectable()
export class PastSessionsRepository {
  constructor(private readonly database: Database) {}

  /** Of two students who are one person; the rest follows from the sessions that are kept, when it is added up anew. */
  async giveAway(tenantId: string, fromId: string, intoId: string, now: Date): Promise<void> {
    await this.database.run(
      `-- analytics.givePastSessions
      with given as (
        delete from student_modules where tenant_id = $1 and student_id = $2 and past_sessions > 0 returning *
      ), taken as (
        insert into student_modules as m (tenant_id, student_id, module_id, first_on, first_completed_on, last_on, sessions,
          past_sessions, past_first_on, past_first_completed_on, past_last_on)
        select $1, $3, module_id, past_first_on, past_first_completed_on, past_last_on, past_sessions,
          past_sessions, past_first_on, past_first_completed_on, past_last_on
        from given
        on conflict (tenant_id, student_id, module_id) do update
        set past_sessions = m.past_sessions + excluded.past_sessions,
          past_first_on = least(m.past_first_on, excluded.past_first_on),
          past_first_completed_on = least(m.past_first_completed_on, excluded.past_first_completed_on),
          past_last_on = greatest(m.past_last_on, excluded.past_last_on)
      )
      insert into stale_students as s (tenant_id, student_id, since)
      select $1, id, $4 from unnest(array[$2, $3]::uuid[]) as t (id) where exists (select from given) order by id
      on conflict (tenant_id, student_id) do update set version = s.version + 1`,
      [tenantId, fromId, intoId, now],
    );
  }
}
