import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import { sqlBandOf } from '../students/risk-bands.js';
import { scopePredicate } from '../students/student-filter.js';
import type { EntryKind } from './intervention-states.js';
import type { BandChange } from './timeline.dto.js';

/** Either a change of band or an entry of a case. */
export interface TimelineRow {
  readonly id: string;
  readonly at: string;
  readonly band: BandChange | null;
  readonly kind: EntryKind | null;
  readonly interventionId: string | null;
  readonly actorId: string | null;
  readonly actorName: string | null;
  readonly note: string | null;
  readonly details: Readonly<Record<string, unknown>> | null;
}

@Injectable()
export class TimelineRepository {
  constructor(private readonly database: Database) {}

  /** An active student of the viewer's. */
  findStudent(viewer: Viewer, studentId: string): Promise<{ instructorId: string | null } | null> {
    const { sql, parameters } = scopePredicate(viewer);
    return this.database.maybeOne<{ instructorId: string | null }>(
      `-- interventions.findStudent
      select p.instructor_id as "instructorId" from student_progress p
      where p.tenant_id = $1 and p.student_id = $${parameters.push(studentId)} and p.is_active and ${sql}`,
      parameters,
    );
  }

  /**
   * The latest first, up to `limit + 1`. Evenings with too little for a score are passed over: before and after them
   * counts what was shown.
   */
  list(
    tenantId: string,
    studentId: string,
    withCases: boolean,
    { limit, offset, after }: Position,
  ): Promise<TimelineRow[]> {
    return this.database.read().many<TimelineRow>(
      `-- interventions.listTimeline
      with evenings as (
        select e.day, e.evaluated_at, e.score, ${sqlBandOf('e.score')} as band
        from risk_evaluations e
        where e.tenant_id = $1 and e.student_id = $2 and e.number = 0 and e.insufficient is null
      ), entries as (
        select day::text as id, evaluated_at as at, null as kind, null::uuid as intervention_id, null::uuid as actor_id,
          null as note, null::jsonb as details,
          json_build_object('day', day, 'from', former, 'to', band, 'score', score) as band
        from (select *, lag(band) over (order by day) as former from evenings) compared
        where band is distinct from former
        union all
        select n.id::text, n.at, n.kind, n.intervention_id, n.actor_id, n.note, n.details, null
        from interventions c
        join intervention_entries n on n.tenant_id = $1 and n.intervention_id = c.id
        where c.tenant_id = $1 and c.student_id = $2 and $3
      )
      select t.id, t.at, t.band, t.kind, t.intervention_id as "interventionId", t.actor_id as "actorId",
        u.name as "actorName", t.note, t.details
      from entries t left join users u on u.tenant_id = $1 and u.id = t.actor_id
      where $4::timestamptz is null or (t.at, t.id collate "C") < ($4, $5::text collate "C")
      order by t.at desc, t.id collate "C" desc
      limit $6 offset $7`,
      [tenantId, studentId, withCases, after?.[0] ?? null, after?.[1] ?? null, limit + 1, offset],
    );
  }
}
