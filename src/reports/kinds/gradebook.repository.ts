import { Injectable } from '@nestjs/common';
import { countedScores, weightedMean } from '../../assignments/gradebook.repository.js';
import { Database } from '../../database/database.js';
import type { Viewer } from '../../http/viewer.js';
import { type Filter, studentPredicate } from '../../students/student-filter.js';
import type { Asked } from '../report-kind.js';

export interface GradebookFilter extends Filter {
  /** The columns, in their order. */
  readonly assignmentIds: readonly string[];
}

export interface GradedStudent {
  readonly id: string;
  readonly name: string;
  readonly pid: string | null;
  readonly mean: number | null;
}

export interface GradedAssignment {
  readonly id: string;
  readonly title: string;
  readonly assigned: number;
  readonly submitted: number;
  readonly mean: number | null;
}

const worksOf = (assignmentIds: string): string => `submissions s
        join assignments a on a.tenant_id = $1 and a.id = s.assignment_id
        where s.tenant_id = $1 and s.withdrawn_at is null and s.assignment_id = any (${assignmentIds}::uuid[])`;

@Injectable()
export class GradebookReportRepository {
  constructor(private readonly database: Database) {}

  list(
    viewer: Viewer,
    { filter: { assignmentIds, ...students }, moment }: Asked<GradebookFilter>,
    after: string | null,
    limit: number,
  ): Promise<GradedStudent[]> {
    const { sql, parameters } = studentPredicate(viewer, students, moment);
    const parameter = (value: unknown): string => `$${parameters.push(value)}`;
    const further = after === null ? '' : `and p.student_id > ${parameter(after)}`;
    return this.database.read().many<GradedStudent>(
      `-- reports.listGraded
      select p.student_id as id, p.name, p.pid, w.mean
      from (
        select p.student_id, p.name, p.pid from student_progress p
        where p.tenant_id = $1 and ${sql} ${further}
        order by p.student_id
        limit ${parameter(limit)}
      ) p
      cross join lateral (
        select ${weightedMean} as mean from ${worksOf(parameter(assignmentIds))} and s.student_id = p.student_id
      ) w
      order by p.student_id`,
      parameters,
    );
  }

  /** In the order of the filter. */
  listAssignments(
    viewer: Viewer,
    { filter: { assignmentIds, ...students }, moment }: Asked<GradebookFilter>,
  ): Promise<GradedAssignment[]> {
    const { sql, parameters } = studentPredicate(viewer, students, moment);
    const ids = `$${parameters.push(assignmentIds)}::uuid[]`;
    return this.database.read().many<GradedAssignment>(
      `-- reports.listGradedAssignments
      with work as (
        select s.assignment_id, count(*) filter (where s.exemption is distinct from 'excused') as assigned,
          count(s.first_submitted_at) filter (where s.exemption is distinct from 'excused') as submitted,
          round(avg(s.score) ${countedScores}, 2) as mean
        from student_progress p
        join submissions s on s.tenant_id = $1 and s.student_id = p.student_id and s.withdrawn_at is null
          and s.assignment_id = any (${ids})
        where p.tenant_id = $1 and ${sql}
        group by s.assignment_id
      )
      select a.id, a.title, coalesce(w.assigned, 0) as assigned, coalesce(w.submitted, 0) as submitted, w.mean
      from assignments a
      left join work w on w.assignment_id = a.id
      where a.tenant_id = $1 and a.id = any (${ids})
      order by array_position(${ids}, a.id)`,
      parameters,
    );
  }

  /** Of the chosen assignments: students, their mean of means, and how many of them are in each tenth. */
  sumUp(
    viewer: Viewer,
    { filter: { assignmentIds, ...students }, moment }: Asked<GradebookFilter>,
  ): Promise<{ students: number; mean: number | null; means: number[] }> {
    const { sql, parameters } = studentPredicate(viewer, students, moment);
    const ids = `$${parameters.push(assignmentIds)}`;
    const tens = Array.from({ length: 10 }, (_, ten) => {
      const upper = ten === 9 ? '' : `and w.mean < ${ten * 10 + 10}`;
      return `count(*) filter (where w.mean >= ${ten * 10} ${upper})`;
    });
    return this.database.read().one<{ students: number; mean: number | null; means: number[] }>(
      `-- reports.sumUpGradebook
      select count(*) as students, round(avg(w.mean), 2) as mean, array[${tens.join(', ')}] as means
      from student_progress p
      cross join lateral (
        select ${weightedMean} as mean from ${worksOf(ids)} and s.student_id = p.student_id
      ) w
      where p.tenant_id = $1 and ${sql}`,
      parameters,
    );
  }
}
