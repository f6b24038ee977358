import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { holds } from '../auth/permissions.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { localDay } from '../org/local-day.js';
import { purposeMissing, TenantsService } from '../org/tenants.service.js';
import { scopeKey } from '../students/student-reads.js';
import type { PdfHeading } from './pdf-file.js';
import { type FileContent, type ReportFile, ReportFilesRepository } from './report-files.repository.js';
import type { ReportFormat, ReportKind, ReportKindName, ReportScope } from './report-kind.js';
import { ReportKinds } from './report-kinds.js';
import { ReportOptions } from './report-options.js';

export interface WantedReport {
  /** The report's own, where its asker has made it. */
  readonly id?: string;
  readonly kind: ReportKindName;
  readonly format: ReportFormat;
  readonly filter: Readonly<Record<string, unknown>>;
  readonly options?: ReportOptions;
  readonly scheduleId?: string;
  /** What the file is for. */
  readonly purpose?: string | null;
}

export interface Question extends FileContent {
  /** Who sees the same and asks the same has the same. */
  readonly digest: string;
  readonly now: Date;
}

/** What is asked for, and what it is read by. */
@Injectable()
export class ReportQuestions {
  constructor(
    private readonly kinds: ReportKinds,
    private readonly tenants: TenantsService,
    private readonly files: ReportFilesRepository,
  ) {}

  /** @throws Problem 422 where the tenant wants to know what its data leave for */
  async refusePurposeless({ tenantId }: Viewer, purpose: string | null = null): Promise<void> {
    if (purpose === null && (await this.tenants.get(tenantId)).isPurposeRequired) throw purposeMissing('/purpose');
  }

  /** @throws Problem 400 and 404 for the filter, 403 without the permission of the kind */
  async understand(viewer: Viewer, { kind: name, format, filter: given, options }: WantedReport): Promise<Question> {
    const kind = this.kinds.get(name);
    const missing = kind.permissions.find((permission) => !holds(viewer, permission));
    if (missing) throw new Problem(403, 'permission_denied', { detail: `This needs the permission ${missing}.` });
    const moment = await this.tenants.moment(viewer.tenantId);
    const filter = await kind.filterMeant(viewer, given, moment);
    const { byteOrderMark, header } = options ?? new ReportOptions();
    const content = { kind: name, format, options: { byteOrderMark, header }, filter };
    const seen = [scopeKey(viewer), viewer.role, [...(viewer.scopes ?? [])].sort(), moment.today];
    const digest = createHash('sha256')
      .update(canonical([content, seen]))
      .digest('base64url');
    return { ...content, viewer, digest, now: moment.now };
  }

  /** The day is that of the tenant when it was asked, however late a file is written. */
  async open({ tenantId, kind, viewer, filter, asOf }: ReportFile): Promise<{ kind: ReportKind; scope: ReportScope }> {
    const { timeZone } = await this.tenants.get(tenantId);
    const now = new Date(asOf);
    return { kind: this.kinds.get(kind), scope: { viewer, filter, moment: { now, today: localDay(timeZone, now) } } };
  }

  /** What was asked, in words. */
  async heading({ tenantId, viewer, filter, asOf }: ReportFile): Promise<PdfHeading> {
    const { name, timeZone } = await this.tenants.get(tenantId);
    // what are columns is seen there
    const { from, to, assignmentIds: _, categoryIds: __, ...rest } = filter as Readonly<Record<string, unknown>>;
    const others = typeof from === 'string' && typeof to === 'string' ? rest : { from, to, ...rest };
    const given = Object.entries(others).filter(([, value]) => value !== undefined && value !== null);
    const ids = ['departmentId', 'instructorId', 'moduleId'].flatMap((of) => rest[of] ?? []);
    const found = await this.files.listNames(viewer, ids.map(String));
    const names = new Map<unknown, string>(found.map((one) => [one.id, one.name]));
    return {
      tenantName: name,
      timeZone,
      scope: await this.files.findScopeName(tenantId, viewer),
      period: typeof from === 'string' && typeof to === 'string' ? { from, to } : null,
      filter: given.map(([label, value]) => ({
        label: inWords(label.replace(/Ids?$/, '')),
        value: [value]
          .flat()
          .map((one) => names.get(one) ?? one)
          .join(', '),
      })),
      asOf: new Date(asOf),
    };
  }
}

/** `lastActiveFrom`: Last active from. */
function inWords(name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Equal values are equal text, in whatever order their fields were given. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
