import type { TestApp } from './app.js';
import type { TableCell } from '../src/http/table-file.js';
import type { Viewer } from '../src/http/viewer.js';
import type { ReportKindName, ReportScope, ReportSummary } from '../src/reports/report-kind.js';
import { ReportKinds } from '../src/reports/report-kinds.js';

type Body = Readonly<Record<string, unknown>>;
export type Row = Readonly<Record<string, TableCell>>;

export async function scopeOf(app: TestApp, viewer: Viewer, kind: ReportKindName, filter: Body): Promise<ReportScope> {
  const moment = { today: app.clock.now().toISOString().slice(0, 10), now: app.clock.now() };
  return {
    viewer,
    moment,
    filter: await app.app.get(ReportKinds, { strict: false }).get(kind).filterMeant(viewer, filter, moment),
  };
}

/** All rows, two at a time, by the names of their columns. */
export async function rowsOf(
  app: TestApp,
  viewer: Viewer,
  name: ReportKindName,
  filter: Body = {},
  limit = 2,
): Promise<Row[]> {
  const kind = app.app.get(ReportKinds, { strict: false }).get(name);
  const scope = await scopeOf(app, viewer, name, filter);
  const columns = await kind.columns(scope);
  const rows: Row[] = [];
  let position: string | null = null;
  do {
    const page = await kind.page(scope, position, limit);
    position = page.position;
    for (const row of page.rows) {
      expect(row).toHaveLength(columns.length);
      rows.push(Object.fromEntries(columns.map((column, index) => [column.name, row[index]!])));
    }
  } while (position !== null);
  expect(await kind.count(scope)).toBe(rows.length);
  return rows;
}

export async function summaryOf(
  app: TestApp,
  viewer: Viewer,
  name: ReportKindName,
  filter: Body = {},
): Promise<ReportSummary> {
  const kind = app.app.get(ReportKinds, { strict: false }).get(name);
  const summary = await kind.summary(await scopeOf(app, viewer, name, filter));
  expect(summary.figures.length).toBeLessThanOrEqual(6);
  expect(summary.figures.length).toBeGreaterThanOrEqual(3);
  for (const { labels, series } of summary.charts) {
    for (const { values } of series) expect(values).toHaveLength(labels.length);
  }
  return summary;
}
export const figure = ({ figures }: ReportSummary, label: string): string =>
  figures.find((one) => one.label === label)!.value;
