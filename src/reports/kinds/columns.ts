import type { ReportColumn } from '../report-kind.js';

/** A column for each name, in their order. */
export function columnsOf(titles: Readonly<Record<string, string>>): ReportColumn[] {
  return Object.entries(titles).map(([name, title]) => ({ name, title }));
}

/** Of a figure that may not be there. */
export function told(value: number | null, unit = ''): string {
  return value === null ? '–' : `${value.toLocaleString('en', { maximumFractionDigits: 2 })}${unit}`;
}
