import { Injectable } from '@nestjs/common';
import { type AuditResult, auditResults } from '../../audit/audit-logs.dto.js';
import { AuditRecorder } from '../../audit/audit.recorder.js';
import { type ReadValues, readValues, type StoredValues } from '../../audit/found-values.js';
import { Id, OneOf, Text } from '../../http/fields.js';
import type { TableCell } from '../../http/table-file.js';
import { validated } from '../../http/validation.pipe.js';
import { personOf, type Viewer } from '../../http/viewer.js';
import { type Moment, TenantsService } from '../../org/tenants.service.js';
import type { ReportColumn, ReportKind, ReportPage, ReportScope, ReportSummary } from '../report-kind.js';
import { zonedInstant } from '../zoned-time.js';
import { type AuditExtractRow, type AuditFilter, AuditReportRepository } from './audit.repository.js';
import { columnsOf, told } from './columns.js';
import { dayLabel, periodMeant, stepOf } from './report-period.js';

class AuditFields {
  @Id({ optional: true, description: 'What this person or service did' })
  readonly actorId?: string;

  @Id({ optional: true, description: 'Everything that happened to this person' })
  readonly personId?: string;

  @Text({ max: 100, optional: true, description: 'This action', example: 'student.reassigned' })
  readonly action?: string;

  @Text({ max: 100, optional: true, description: 'What was done to this kind of thing', example: 'student' })
  readonly targetType?: string;

  @Text({ max: 200, optional: true, description: 'What was done to this' })
  readonly targetId?: string;

  @OneOf(auditResults, { optional: true, description: 'What came of it' })
  readonly result?: AuditResult;

  @Text({ max: 200, optional: true, description: 'What this request did' })
  readonly requestId?: string;
}

type Row = Omit<AuditExtractRow, keyof StoredValues> & ReadValues;

const titles: Readonly<Record<keyof Row, string>> = {
  at: 'At',
  id: 'Id',
  actorId: 'Actor id',
  actorName: 'Actor',
  actorRole: 'Role',
  action: 'Action',
  result: 'Result',
  reason: 'Reason',
  targetType: 'Target',
  targetId: 'Target id',
  personId: 'Person id',
  requestId: 'Request id',
  address: 'Address',
  agent: 'Agent',
  before: 'Before',
  after: 'After',
  erased: 'Erased',
  keyId: 'Key id',
  delegationId: 'Delegation id',
};
const names = Object.keys(titles) as (keyof Row)[];
const actionsShown = 8;

/** What was done, by whom, to what; the extract itself is put on record before its first row is read. */
@Injectable()
export class AuditReport implements ReportKind<AuditFilter> {
  readonly name = 'audit';
  readonly title = 'Audit extract';
  readonly permissions = ['audit:read'] as const;

  constructor(
    private readonly entries: AuditReportRepository,
    private readonly tenants: TenantsService,
    private readonly audit: AuditRecorder,
  ) {}

  columns(): Promise<readonly ReportColumn[]> {
    return Promise.resolve(columnsOf(titles));
  }

  filterMeant(_: Viewer, given: Readonly<Record<string, unknown>>, { today }: Moment): Promise<AuditFilter> {
    const [period, others] = periodMeant(given, today);
    const { actorId, personId, ...asked } = validated(AuditFields, others, '/filter');
    return Promise.resolve({
      ...period,
      ...Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)),
      ...(actorId !== undefined && { actorId: actorId.toLowerCase() }),
      ...(personId !== undefined && { personId: personId.toLowerCase() }),
    });
  }

  async count(scope: ReportScope<AuditFilter>): Promise<number> {
    return (await this.entries.sumUp(scope.viewer, scope)).entries;
  }

  async page(scope: ReportScope<AuditFilter>, position: string | null, limit: number): Promise<ReportPage> {
    const { viewer, filter } = scope;
    if (position === null) {
      await this.audit.recordRead(viewer, {
        action: 'audit.extracted',
        targetType: 'audit',
        personId: filter.personId ?? personOf(viewer),
        after: filter,
      });
    }
    const after = position === null ? null : (position.split(' ') as [string, string]);
    const found = await this.entries.list(scope.viewer, scope, after, limit);
    const { timeZone } = await this.tenants.get(viewer.tenantId);
    const last = found.at(-1);
    return {
      rows: found.map((stored) => {
        const entry: Row = { ...stored, ...readValues(viewer.tenantId, stored.id, stored) };
        return names.map((name): TableCell => {
          if (name === 'at') return zonedInstant(timeZone, entry.at);
          if (name === 'erased') return entry.erased ? 'yes' : null;
          const value = entry[name];
          return typeof value === 'object' && value !== null ? JSON.stringify(value) : (value as TableCell);
        });
      }),
      position: found.length < limit ? null : `${last!.at} ${last!.id}`,
    };
  }

  async summary(scope: ReportScope<AuditFilter>): Promise<ReportSummary> {
    const step = stepOf(scope.filter);
    const sums = await this.entries.sumUp(scope.viewer, scope);
    const steps = await this.entries.listSteps(scope.viewer, scope, step);
    const actions = await this.entries.listActions(scope.viewer, scope, actionsShown);
    return {
      title: this.title,
      figures: [
        { label: 'Entries', value: told(sums.entries) },
        { label: 'Actors', value: told(sums.actors) },
        { label: 'Refused or failed', value: told(sums.notDone) },
      ],
      charts: [
        {
          kind: 'line',
          title: `Entries by ${step}`,
          unit: 'entries',
          labels: steps.map(({ day }) => dayLabel(day)),
          series: [{ name: 'Entries', values: steps.map(({ entries }) => entries) }],
        },
        {
          kind: 'bar',
          title: 'The most frequent actions',
          unit: 'entries',
          labels: actions.map(({ action }) => action),
          series: [{ name: 'Entries', values: actions.map(({ entries }) => entries) }],
        },
      ],
    };
  }
}
