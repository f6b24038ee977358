import { Injectable } from '@nestjs/common';
import { Database } from '../../database/database.js';
import type { Viewer } from '../../http/viewer.js';
import { type CaseFilter, casePredicate, caseTables } from '../../interventions/intervention-list.repository.js';
import { actions, outcomes } from '../../interventions/intervention-states.js';
import type { Asked } from '../report-kind.js';

export interface CaseSums {
  readonly cases: number;
  readonly closed: number;
  readonly medianDaysToContact: number | null;
  /** By `outcomes`. */
  readonly outcomes: readonly number[];
  /** By `actions`. */
  readonly actions: readonly number[];
}

export interface CaseWeek {
  readonly week: string;
  readonly opened: number;
  readonly closed: number;
}

@Injectable()
export class InterventionsReportRepository {
  constructor(private readonly database: Database) {}

  sumUp(viewer: Viewer, { filter, moment }: Asked<CaseFilter>): Promise<CaseSums> {
    const { sql, parameters } = casePredicate(viewer, filter, moment.today);
    const byEach = (column: string, values: readonly string[]): string =>
      `array[${values.map((value) => `count(*) filter (where ${column} = '${value}')`).join(', ')}]`;
    return this.database.read().one<CaseSums>(
      `-- reports.sumUpCases
      select count(*) as cases, count(c.closed_at) as closed,
        percentile_cont(0.5) within group (order by c.contacted_day - c.opened_day) as "medianDaysToContact",
        ${byEach('c.outcome', outcomes)} as outcomes, ${byEach('c.action', actions)} as actions
      from ${caseTables}
      where c.tenant_id = $1 and ${sql}`,
      parameters,
    );
  }

  /** Of these cases what was opened and closed in each week, Monday to Sunday, from the first one opened to now. */
  listWeeks(viewer: Viewer, { filter, moment }: Asked<CaseFilter>): Promise<CaseWeek[]> {
    const { sql, parameters } = casePredicate(viewer, filter, moment.today);
    const today = `$${parameters.push(moment.today)}::date`;
    return this.database.read().many<CaseWeek>(
      `-- reports.listCaseWeeks
      with found as (
        select date_trunc('week', c.opened_day)::date as opened,
          date_trunc('week', (c.closed_at at time zone t.time_zone)::date)::date as closed
        from ${caseTables}
        join tenants t on t.id = $1
        where c.tenant_id = $1 and ${sql}
      )
      select w.day::date as week, (select count(*) from found where opened = w.day::date) as opened,
        (select count(*) from found where closed = w.day::date) as closed
      from generate_series(
        -- of more weeks nobody reads the labels
        (select greatest(min(opened), date_trunc('week', ${today} - 371)::date) from found), ${today}, interval '7 days'
      ) w (day)
      order by w.day`,
      parameters,
    );
  }
}
