import { Injectable } from '@nestjs/common';
import type { Viewer } from '../../http/viewer.js';
import { validated } from '../../http/validation.pipe.js';
import {
  type CaseFilter,
  cursorOf,
  InterventionListRepository,
} from '../../interventions/intervention-list.repository.js';
import { actions, outcomes, statuses } from '../../interventions/intervention-states.js';
import { type Intervention, InterventionFilter } from '../../interventions/interventions.dto.js';
import { TenantsService } from '../../org/tenants.service.js';
import type { ReportColumn, ReportKind, ReportPage, ReportScope, ReportSummary } from '../report-kind.js';
import { zonedInstant } from '../zoned-time.js';
import { columnsOf, told } from './columns.js';
import { InterventionsReportRepository } from './interventions.repository.js';
import { dayLabel } from './report-period.js';
import { refusePaging } from './reported-students.js';

const titles = {
  id: 'Id',
  studentId: 'Student id',
  studentName: 'Student',
  ownerName: 'Owner',
  origin: 'Origin',
  status: 'Status',
  action: 'Action',
  reason: 'Reason',
  dueOn: 'Due on',
  snoozedUntil: 'Snoozed until',
  openedAt: 'Opened at',
  openedScore: 'Score when opened',
  contactedAt: 'Contacted at',
  contactedScore: 'Score when contacted',
  closedAt: 'Closed at',
  closedScore: 'Score when closed',
  outcome: 'Outcome',
  dismissal: 'Dismissed because',
  riskScore: 'Score now',
  riskBand: 'Band now',
} as const satisfies Partial<Record<keyof Intervention, string>>;
const names = Object.keys(titles) as (keyof typeof titles)[];
const instants: ReadonlySet<string> = new Set<keyof Intervention>(['openedAt', 'contactedAt', 'closedAt']);
const inWords = (value: string): string => value.replaceAll('_', ' ');

/** The cases of the list of interventions, in the order in which they were opened. */
@Injectable()
export class InterventionsReport implements ReportKind<CaseFilter> {
  readonly name = 'interventions';
  readonly title = 'Interventions';
  readonly permissions = ['interventions:read'] as const;

  constructor(
    private readonly lists: InterventionListRepository,
    private readonly cases: InterventionsReportRepository,
    private readonly tenants: TenantsService,
  ) {}

  columns(): Promise<readonly ReportColumn[]> {
    return Promise.resolve(columnsOf(titles));
  }

  filterMeant(_: Viewer, given: Readonly<Record<string, unknown>>): Promise<CaseFilter> {
    refusePaging(given);
    const { limit: __, page: ___, cursor: ____, ...asked } = validated(InterventionFilter, given, '/filter');
    const kept = Object.entries(asked).filter(([, value]) => value !== undefined);
    return Promise.resolve(Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1))));
  }

  count({ viewer, filter, moment }: ReportScope<CaseFilter>): Promise<number> {
    return this.lists.count(viewer, filter, moment.today);
  }

  async page(scope: ReportScope<CaseFilter>, position: string | null, limit: number): Promise<ReportPage> {
    const { viewer, filter, moment } = scope;
    const after = position === null ? null : position.split(' ');
    const order = { sort: 'opened', order: 'asc', today: moment.today } as const;
    const found = await this.lists.list(viewer, filter, order, { limit, offset: 0, page: undefined, after });
    const { timeZone } = await this.tenants.get(viewer.tenantId);
    const cases = found.slice(0, limit);
    return {
      rows: cases.map((one) =>
        names.map((name) => {
          const value = one[name];
          return typeof value === 'string' && instants.has(name) ? zonedInstant(timeZone, value) : value;
        }),
      ),
      position: found.length > limit ? cursorOf('opened', cases.at(-1)!).join(' ') : null,
    };
  }

  async summary(scope: ReportScope<CaseFilter>): Promise<ReportSummary> {
    const { viewer, filter, moment } = scope;
    const counts = await this.lists.countByStatus(viewer, filter, moment.today);
    const sums = await this.cases.sumUp(scope.viewer, scope);
    const weeks = await this.cases.listWeeks(scope.viewer, scope);
    return {
      title: this.title,
      figures: [
        { label: 'Cases', value: told(sums.cases) },
        { label: 'Not closed', value: told(sums.cases - sums.closed) },
        { label: 'Overdue', value: told(counts.overdue) },
        { label: 'Resolved', value: told(counts.resolved) },
        { label: 'Dismissed', value: told(counts.dismissed) },
        { label: 'Median days to first contact', value: told(sums.medianDaysToContact) },
      ],
      charts: [
        {
          kind: 'line',
          title: 'Cases opened and closed by week',
          unit: 'cases',
          labels: weeks.map(({ week }) => dayLabel(week)),
          series: [
            { name: 'Opened', values: weeks.map(({ opened }) => opened) },
            { name: 'Closed', values: weeks.map(({ closed }) => closed) },
          ],
        },
        {
          kind: 'bar',
          title: 'Cases by status',
          unit: 'cases',
          labels: statuses,
          series: [{ name: 'Cases', values: statuses.map((status) => counts[status]) }],
        },
        {
          kind: 'bar',
          title: 'What came of those resolved',
          unit: 'cases',
          labels: outcomes.map(inWords),
          series: [{ name: 'Cases', values: sums.outcomes }],
        },
        {
          kind: 'bar',
          title: 'What was done first, or is planned',
          unit: 'cases',
          labels: actions.map(inWords),
          series: [{ name: 'Cases', values: sums.actions }],
        },
      ],
    };
  }
}
