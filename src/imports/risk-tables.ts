import type { DayQuality, GroupQuality } from '../risk/judgement.js';
import type { Quality } from '../risk/metrics.js';

const decimals = (value: number | null): string => (value === null ? '–' : value.toFixed(3));

function columns({ auc, averagePrecision, precisionAt10, brier, calibrationError }: Quality): string[] {
  return [auc, averagePrecision, precisionAt10, brier, calibrationError].map(decimals);
}

/** What scores are worth on each day, beside rules that are commonly taken for them. */
export function daysTable(days: readonly DayQuality[]): string {
  return days
    .map(({ day, score, presentations, rules }) => {
      const { students, baseRate } = score;
      const heading = `day ${day}: ${students} students, ${(100 * baseRate).toFixed(1)} % at risk`;
      return table([
        [heading, 'AUC', 'avg. prec.', 'prec. @ 10 %', 'Brier', 'calibr. error'],
        ['the score', ...columns(score)],
        ...Object.entries(presentations).map(([pres, quality]) => [`  in ${pres}`, ...columns(quality)]),
        ...Object.entries(rules).map(([name, quality]) => [name, ...columns(quality)]),
      ]);
    })
    .join('\n\n');
}

/** How the score treats groups of people; flagged are those above 70. */
export function groupsTable(groups: readonly GroupQuality[]): string {
  return table([
    ['group', 'day', 'students', 'at risk', 'AUC', 'flagged', 'of those at risk', 'of the others'],
    ...groups.map(({ attribute, group, day, students, baseRate, auc, flagged, truePositives, falsePositives }) => [
      `${attribute} ${group}`,
      String(day),
      String(students),
      ...[baseRate, auc, flagged, truePositives, falsePositives].map(decimals),
    ]),
  ]);
}

/** The first column stands left, the others right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ');
  return rows.map(line).join('\n');
}
