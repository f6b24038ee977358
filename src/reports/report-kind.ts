import type { Permission } from '../auth/permissions.js';
import type { TableCell } from '../http/table-file.js';
import type { Viewer } from '../http/viewer.js';
import type { Moment } from '../org/tenants.service.js';

export const reportKinds = [
  'roster', 'progress', 'gradebook', 'risk', 'activity', 'interventions', 'departments', 'audit',
] as const; // prettier-ignore
export type ReportKindName = (typeof reportKinds)[number];

export const reportFormats = ['csv', 'xlsx', 'jsonl', 'pdf'] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** What the rows are read by: the same for every part of a file, also after a worker was killed. */
export interface ReportScope<Filter extends object = object> {
  readonly viewer: Viewer;
  readonly filter: Filter;
  readonly moment: Moment;
}

/** The same without the viewer, who comes first wherever something is read. */
export type Asked<Filter extends object = object> = Omit<ReportScope<Filter>, 'viewer'>;

export interface ReportColumn {
  /** Of the API's own field, in JSON lines. */
  readonly name: string;
  /** In the header of tables. */
  readonly title: string;
}

/** Rows in the order of a key that does not change while they are read. */
export interface ReportPage {
  readonly rows: readonly (readonly TableCell[])[];
  /** Handed back to read on; null: these were the last. */
  readonly position: string | null;
}

export interface Chart {
  readonly kind: 'line' | 'bar';
  readonly title: string;
  readonly unit: string;
  readonly labels: readonly string[];
  /** One value for each label; null is a gap. */
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
}

/** What stands on the first page of a PDF: what a head of department reads without the rows below. */
export interface ReportSummary {
  readonly title: string;
  readonly figures: readonly { readonly label: string; readonly value: string }[];
  readonly charts: readonly Chart[];
}

/**
 * A kind of report. Adding one means providing it: the engine knows nothing but this. Pages and summaries are read in a
 * transaction, so one statement after the other.
 */
export interface ReportKind<Filter extends object = object> {
  readonly name: ReportKindName;
  readonly title: string;
  /** All of them are needed, besides those of reports. */
  readonly permissions: readonly Permission[];
  /** As the columns of this question, which may have them from its filter. */
  columns(scope: ReportScope<Filter>): Promise<readonly ReportColumn[]>;
  /**
   * What was asked, checked and with what is left out put in, so that equal questions are equal.
   * @throws Problem 400, 404
   */
  filterMeant(viewer: Viewer, given: Readonly<Record<string, unknown>>, moment: Moment): Promise<Filter>;
  /** How many rows there will be; may be an estimate: progress is told by it, and by nothing where it takes too long. */
  count(scope: ReportScope<Filter>): Promise<number>;
  /** @param position where an earlier page ended; null: from the beginning */
  page(scope: ReportScope<Filter>, position: string | null, limit: number): Promise<ReportPage>;
  summary(scope: ReportScope<Filter>): Promise<ReportSummary>;
}
