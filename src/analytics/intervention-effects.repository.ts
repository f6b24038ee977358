import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { isBelow, type Predicate, scopePredicate } from '../students/student-filter.js';
import { bandRanges } from '../students/risk-bands.js';

/** What is looked at; days are local, `YYYY-MM-DD`, and both ends belong to it. */
export interface EffectsAsked {
  readonly from: string;
  readonly to: string;
  /** The last day of contact that has a full follow-up. */
  readonly lastDay: string;
  readonly followUpDays: number;
  readonly departmentId: string | undefined;
  readonly instructorId: string | undefined;
  readonly action: string | undefined;
}

/** Of one kind of action, or `all`: what contacts came to, before it is judged whether they are enough. */
export interface EffectFigures {
  readonly action: string;
  readonly contacts: number;
  /** Different students of these contacts. */
  readonly people: number;
  readonly withoutBaseline: number;
  readonly withoutOutcome: number;
  /** Contacts with somebody to compare them with, and how many students these are on both sides. */
  readonly n: number;
  readonly students: number;
  readonly others: number;
  /** Means of the change of score in points, and what the variance of their difference is made of. */
  readonly change: number;
  readonly otherChange: number;
  readonly squares: number;
  /** Shares from 0 to 1, and of how many independent students they would be as uncertain as they are. */
  readonly active: number;
  readonly otherActive: number;
  readonly size: number;
  readonly otherSize: number;
  /** The same of those in the bands high and critical alone. */
  readonly atRiskStudents: number;
  readonly atRiskOthers: number;
  readonly left: number | null;
  readonly otherLeft: number | null;
  readonly atRiskSize: number | null;
  readonly otherAtRiskSize: number | null;
}

export interface CaseFigures {
  readonly opened: number;
  readonly contacted: number;
  readonly contactedStudents: number;
  readonly medianDaysToContact: number | null;
  readonly due: number;
  readonly contactedInTime: number;
  readonly closed: number;
  readonly closedItself: number;
  readonly reopened: number;
  readonly flagged: number;
  readonly flaggedStudents: number;
  readonly wronglyFlagged: number;
  readonly dismissals: Readonly<Record<string, number>>;
  readonly pending: number;
}

/**
 * In how many weeks times students others are looked for, which is what this costs: of more students so many are, picked
 * by their ids alone and so each time the same.
 */
const mostLooked = 15_000;
/** A department is compared with itself where it has so many alike; else the students of all departments are. */
const enoughInDepartment = 5;
/** Of one student alone nobody knows how much students like that differ. */
const fewestAlike = 2;
/** Stands for all departments. */
const everywhere = `'00000000-0000-0000-0000-000000000000'::uuid`;

/** 0 to 3: low, moderate, high, critical. */
const bandOf = (score: string): string =>
  (['moderate', 'high', 'critical'] as const)
    .map((band) => `(${score} > ${bandRanges[band].above})::integer`)
    .join(' + ');

@Injectable()
export class InterventionEffectsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Contacted students against others of the same band and week (and department, where it has enough of them) whom
   * nobody contacted from 28 days before until the follow-up ended. Others are taken as of the week's middle contact.
   * Each contact is measured against the mean of its others, so that these weigh as much as the contacts do: the effect
   * on who was contacted, by exact stratification (G. W. Imbens and D. B. Rubin, Causal Inference for Statistics,
   * Social, and Biomedical Sciences, 2015, chapter 17).
   *
   * Every score is found by the ledger's key, and only so many are looked for: what this costs does not grow with the
   * ledger.
   */
  listEffects(viewer: Viewer, asked: EffectsAsked): Promise<EffectFigures[]> {
    const { sql, parameters } = studentsOf(viewer, asked);
    const from = `$${parameters.push(asked.from)}::date`;
    const to = `$${parameters.push(asked.to < asked.lastDay ? asked.to : asked.lastDay)}::date`;
    const followUp = `$${parameters.push(asked.followUpDays)}::integer`;
    const action = asked.action === undefined ? 'true' : `i.action = $${parameters.push(asked.action)}`;
    // one key at a time: joined in any other way, the ledger would be read whole
    const closing = (student: string, day: string): string => `lateral (
        select e.department_id, e.score, ${bandOf('e.score')} as band
        from (
          select department_id, score, insufficient from risk_evaluations
          where tenant_id = $1 and student_id = ${student} and number = 0 and day <= ${day} and day >= ${day} - 7
            and day >= ${from} - 8 and day <= ${to} + ${followUp}
          order by day desc limit 1
        ) e
        where e.insufficient is null
      )`;
    const outcome = (day: string): string => `before.department_id, before.band,
        (after.score - before.score)::double precision as change, (after.band < 2)::integer as has_left,
        coalesce(d.days && daterange(${day} + ${followUp} - 6, ${day} + ${followUp} + 1), false)::integer as is_active`;
    return this.database.read().many<EffectFigures>(
      `-- analytics.interventionEffects
      with sight as materialized (
        select p.student_id from student_progress p where p.tenant_id = $1 and ${sql}
      ), contact as materialized (
        select i.id, i.student_id, i.action, i.contacted_day as day, date_trunc('week', i.contacted_day::timestamp)::date as week,
          ${outcome('i.contacted_day')}
        from interventions i
        join sight on sight.student_id = i.student_id
        left join ${closing('i.student_id', 'i.contacted_day - 1')} before on true
        left join ${closing('i.student_id', `i.contacted_day + ${followUp}`)} after on true
        left join active_days d on d.tenant_id = $1 and d.student_id = i.student_id
        where i.tenant_id = $1 and i.contacted_day >= ${from} and i.contacted_day <= ${to} and ${action}
      ), week as materialized (
        select week, percentile_disc(0.5) within group (order by day) as day, array_agg(distinct band) as bands
        from contact where change is not null group by week
      ), chosen as materialized (
        select student_id from sight order by md5(student_id::text)
        limit (select ${mostLooked} / nullif(count(*), 0) from week)
      ), other as materialized (
        select w.week, c.student_id, ${outcome('w.day')}
        from week w
        cross join chosen c
        join ${closing('c.student_id', 'w.day - 1')} before on before.band = any (w.bands)
        join ${closing('c.student_id', `w.day + ${followUp}`)} after on true
        left join active_days d on d.tenant_id = $1 and d.student_id = c.student_id
        where not exists (
          select from interventions i
          where i.tenant_id = $1 and i.student_id = c.student_id
            and i.contacted_day >= w.day - 28 and i.contacted_day <= w.day + ${followUp}
        )
      ), alike as materialized (
        select o.*, p.place from other o cross join lateral (values (o.department_id), (${everywhere})) p (place)
      ), stratum as materialized (
        select week, band, place, count(*) as others, avg(change) as change, avg(is_active) as active,
          avg(has_left) as has_left
        from alike group by week, band, place
        having count(*) >= case place when ${everywhere} then ${fewestAlike} else ${enoughInDepartment} end
      ), matched as materialized (
        select g.action, c.*
        from (
          select distinct on (c.id) c.action as done, c.student_id, c.band, c.change, c.is_active, c.has_left, s.week,
            s.place, s.others, s.change as other_change, s.active as other_active, s.has_left as other_left
          from contact c
          join stratum s on s.week = c.week and s.band = c.band and s.place in (c.department_id, ${everywhere})
          where c.change is not null
          order by c.id, s.place desc
        ) c
        cross join lateral (values ('all'), (c.done)) g (action)
      ), total as materialized (
        select action, count(*) as n, count(*) filter (where band >= 2) as at_risk, avg(change) as change,
          avg(other_change) as other_change, avg(is_active)::double precision as active,
          avg(other_active)::double precision as other_active,
          avg(has_left) filter (where band >= 2)::double precision as has_left,
          avg(other_left) filter (where band >= 2)::double precision as other_left
        from matched group by action
      ), weighed as (
        select m.action, true as is_contact, m.student_id, count(*)::double precision / t.n as weight,
          count(*) filter (where m.band >= 2)::double precision / nullif(t.at_risk, 0) as at_risk_weight,
          sum(m.change - m.other_change - (t.change - t.other_change)) / t.n as influence
        from matched m join total t on t.action = m.action
        group by m.action, m.student_id, t.n, t.at_risk
        union all
        select s.action, false, o.student_id, sum(s.contacts::double precision / s.others / t.n),
          sum(s.contacts::double precision / s.others / t.at_risk) filter (where s.band >= 2),
          -- residuals about a mean of few are smaller than about the true one
          -sum(s.contacts::double precision / s.others / t.n * (o.change - s.other_change)
            * sqrt(s.others / (s.others - 1)::double precision))
        from (
          select action, week, band, place, others, other_change, count(*) as contacts
          from matched group by action, week, band, place, others, other_change
        ) s
        join total t on t.action = s.action
        join alike o on o.week = s.week and o.band = s.band and o.place = s.place
        group by s.action, o.student_id
      ), spread as (
        select action, sum(influence ^ 2) as squares,
          count(*) filter (where contacted > 0) as students, count(*) filter (where other > 0) as others,
          1 / sum(contacted ^ 2) as size, 1 / sum(other ^ 2) as other_size,
          count(*) filter (where at_risk > 0) as at_risk_students,
          count(*) filter (where other_at_risk > 0) as at_risk_others,
          1 / nullif(sum(at_risk ^ 2), 0) as at_risk_size, 1 / nullif(sum(other_at_risk ^ 2), 0) as other_at_risk_size
        from (
          select action, student_id, sum(influence) as influence,
            coalesce(sum(weight) filter (where is_contact), 0) as contacted,
            coalesce(sum(weight) filter (where not is_contact), 0) as other,
            coalesce(sum(at_risk_weight) filter (where is_contact), 0) as at_risk,
            coalesce(sum(at_risk_weight) filter (where not is_contact), 0) as other_at_risk
          from weighed group by action, student_id
        ) student
        group by action
      )
      select c.action, c.contacts, c.people, c.without_baseline as "withoutBaseline", c.without_outcome as "withoutOutcome",
        coalesce(t.n, 0) as n, coalesce(s.students, 0) as students, coalesce(s.others, 0) as others,
        t.change, t.other_change as "otherChange", s.squares,
        t.active, t.other_active as "otherActive", s.size, s.other_size as "otherSize",
        coalesce(s.at_risk_students, 0) as "atRiskStudents", coalesce(s.at_risk_others, 0) as "atRiskOthers",
        t.has_left as "left", t.other_left as "otherLeft",
        s.at_risk_size as "atRiskSize", s.other_at_risk_size as "otherAtRiskSize"
      from (
        select coalesce(action, 'all') as action, count(*) as contacts,
          count(distinct student_id) as people, count(*) filter (where band is null) as without_baseline,
          count(*) filter (where band is not null and change is null) as without_outcome
        from contact group by grouping sets ((), (action))
      ) c
      left join total t on t.action = c.action
      left join spread s on s.action = c.action`,
      parameters,
    );
  }

  /** What became of the cases that were opened in the period, and how many contacts are still being followed. */
  countCases(viewer: Viewer, asked: EffectsAsked, today: string): Promise<CaseFigures> {
    const { sql, parameters } = studentsOf(viewer, asked);
    const [from, to, lastDay, day] = [asked.from, asked.to, asked.lastDay, today].map(
      (value) => `$${parameters.push(value)}::date`,
    );
    const action = asked.action === undefined ? 'true' : `i.action = $${parameters.push(asked.action)}`;
    return this.database.read().one<CaseFigures>(
      `-- analytics.countInterventionCases
      with found as materialized (
        select i.* from interventions i
        join student_progress p on p.tenant_id = $1 and p.student_id = i.student_id
        where i.tenant_id = $1 and ${sql}
          and (i.opened_day between ${from} and ${to} or i.contacted_day between ${from} and ${to})
      ), opened as (
        select * from found where opened_day between ${from} and ${to}
      )
      select count(*) as opened, count(contacted_day) as contacted,
        count(distinct student_id) filter (where contacted_day is not null) as "contactedStudents",
        percentile_cont(0.5) within group (order by contacted_day - opened_day) as "medianDaysToContact",
        count(*) filter (where due_on is not null and (contacted_day is not null or due_on < ${day})) as due,
        count(*) filter (where contacted_day <= due_on) as "contactedInTime",
        count(closed_at) as closed, count(*) filter (where closed_itself) as "closedItself",
        count(*) filter (where exists (
          select from intervention_entries n
          where n.tenant_id = $1 and n.intervention_id = opened.id and n.kind = 'reopened'
        )) as reopened,
        count(*) filter (where closed_at is not null and origin = 'flag') as flagged,
        count(distinct student_id) filter (where closed_at is not null and origin = 'flag') as "flaggedStudents",
        count(*) filter (where origin = 'flag' and dismissal in ('not_at_risk', 'data_wrong')) as "wronglyFlagged",
        (
          select coalesce(json_object_agg(dismissal, cases), '{}')
          from (select dismissal, count(*) as cases from opened where dismissal is not null group by dismissal) reason
        ) as dismissals,
        (
          select count(*) from found i
          where contacted_day > ${lastDay} and contacted_day between ${from} and ${to} and ${action}
        ) as pending
      from opened`,
      parameters,
    );
  }
}

/** On `student_progress p`: who is in sight and meant by the filter, those who have left included. */
function studentsOf(viewer: Viewer, { departmentId, instructorId }: EffectsAsked): Predicate {
  const { sql, parameters } = scopePredicate(viewer);
  const conditions = [sql];
  if (departmentId !== undefined) conditions.push(isBelow('p.department_id', `$${parameters.push(departmentId)}`));
  if (instructorId !== undefined) conditions.push(`p.instructor_id = $${parameters.push(instructorId)}`);
  return { sql: conditions.join(' and '), parameters };
}
