import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { readPdf } from '../../test/pdf.js';
import type { TableCell } from '../http/table-file.js';
import { covered, PdfCanvas } from './pdf-canvas.js';
import { mostPdfRows, type PdfHeading, writePdf } from './pdf-file.js';
import type { Chart, ReportColumn, ReportSummary } from './report-kind.js';

const heading: PdfHeading = {
  tenantName: 'Royal Naval Academy',
  timeZone: 'Europe/London',
  scope: 'Students of Ada Lovelace',
  period: { from: '2026-02-01', to: '2026-03-02' },
  filter: [
    { label: 'Status', value: 'at risk' },
    { label: 'Department id', value: '0198f000-0000-7000-8000-000000000003' },
  ],
  asOf: new Date('2026-07-02T08:00:00Z'),
};
const chart: Chart = {
  kind: 'line',
  title: 'Active students by week',
  unit: 'students',
  labels: ['1 Feb', '8 Feb', '15 Feb'],
  series: [
    { name: 'Active', values: [12, null, 15] },
    { name: 'All', values: [20, 20, 21] },
  ],
};
const summary: ReportSummary = {
  title: 'Progress',
  figures: [{ label: 'Students', value: '1,234' }],
  charts: [chart, { ...chart, kind: 'bar', title: 'As bars' }, { ...chart, title: 'Nothing', series: [] }],
};
const columns: ReportColumn[] = [
  { name: 'name', title: 'Name' },
  { name: 'score', title: 'Overall score' },
  { name: 'lastActiveAt', title: 'Last active' },
];
const read = async (
  rows: Iterable<readonly TableCell[]>,
  given: readonly ReportColumn[] = columns,
): Promise<ReturnType<typeof readPdf>> => readPdf(await buffer(writePdf(heading, summary, given, rows)));
const rowsOf = (count: number): TableCell[][] =>
  Array.from({ length: count }, (_, index) => [`Student ${index}`, index + 0.5, '2026-03-01T09:30:00+00:00']);

it('lets others have their turn after each page', async () => {
  let turns = 0;
  let turn = setImmediate(function next() {
    turns++;
    turn = setImmediate(next);
  });
  const { pages } = await read(rowsOf(400));
  clearImmediate(turn);
  expect(pages.length).toBeGreaterThan(9);
  expect(turns).toBeGreaterThanOrEqual(pages.length - 1);
});

it('says first what it is about, and then has every row once, under its header', async () => {
  const { pages, text } = await read(rowsOf(120));
  const [first, ...others] = pages as [string, ...string[]];
  expect(first).toContain('Students of Ada Lovelace');
  expect(first).toContain('1 February 2026 – 2 March 2026');
  expect(first).toContain('Status: at risk · Department: 1 chosen');
  // an hour ahead of UTC in July
  expect(first).toContain('As of 2 July 2026 at 09:00 (Europe/London)');
  expect(first).toContain('1,234\nStudents\n');
  expect(others.length).toBeGreaterThan(2);
  for (const page of others) expect(page).toContain('Name\nOverall score\nLast active\n');
  const names = others.flatMap((page) => page.match(/Student \d+/g));
  expect(names).toEqual(rowsOf(120).map(([name]) => name));
  expect(others[0]).toContain('Student 0\n0.5\n2026-03-01 09:30\n');
  pages.forEach((page, index) => expect(page).toContain(`Page ${index + 1}\nof ${pages.length}\n`));
  expect(text).toContain('/Lang (en)');
  expect(text).toContain('(D:20260702080000Z)');
});

it('draws charts that say in words what they show, gaps included', async () => {
  const { pages, alternatives } = await read([]);
  expect(pages[0]).toContain('Active students by week\nstudents\n');
  expect(pages[0]).toContain('No data');
  expect(alternatives[0]).toContain('Active: 1 Feb 12, 8 Feb no data, 15 Feb 15. All: 1 Feb 20');
  expect(alternatives).toHaveLength(3);
});

it('leaves out ids, which are for joining files', async () => {
  const withIds = [{ name: 'id', title: 'Id' }, ...columns, { name: 'departmentId', title: 'Department id' }];
  const { pages } = await read(
    rowsOf(40).map((row, index) => [`id-${index}`, ...row, `department-${index}`]),
    withIds,
  );
  expect(pages[1]).toContain('Name\nOverall score\nLast active\nStudent 0\n0.5\n2026-03-01 09:30\nStudent 1\n');
  expect(pages.join('')).not.toMatch(/id-\d|department-\d/);
});

it('is a valid file where nothing matches', async () => {
  const { pages } = await read([]);
  expect(pages).toHaveLength(2);
  expect(pages[1]).toContain('Nothing matches what was asked.');
});

it('divides a table that is too wide, and begins each part with its first column', async () => {
  const wide = Array.from({ length: 60 }, (_, index) => ({
    name: `c${index}`,
    title: index ? `Assignment ${index}` : 'Name',
  }));
  const rows = [0, 1, 2].map((row) => wide.map((_, index) => (index === 0 ? `Student ${row}` : row * 100 + index)));
  const { pages } = await read(rows, wide);
  const parts = pages.slice(1);
  expect(parts.length).toBeGreaterThan(3);
  for (const page of parts) expect(page.match(/Student \d/g)).toEqual(['Student 0', 'Student 1', 'Student 2']);
  const shown = parts.flatMap((page) => page.match(/Assignment\s+\d+/g)!.map((title) => title.replace('\n', ' ')));
  expect(shown).toEqual(wide.slice(1).map(({ title }) => title));
  for (let index = 1; index < 60; index++) expect(parts.join('')).toContain(`\n${200 + index}\n`);
});

it('takes any text: what the font does not have is seen to be missing, and told', async () => {
  const texts = [
    'Zoë Łukasiewicz',
    'Ευγενία',
    'Щукин',
    '山田 太郎',
    'محمد',
    'Ann 👩‍👩‍👧 Lee',
    'a\u0000\nb\u202e',
    '\ud800',
    'Amélie',
    '',
    'x'.repeat(5_000),
  ];
  const { pages } = await read(texts.map((text) => [text, null, null]));
  const page = pages.slice(1).join('');
  for (const text of texts.slice(0, 3)) expect(page).toContain(`${text}\n`);
  expect(page).toContain('\ufffd\ufffd \ufffd\ufffd\n');
  expect(page).toContain('Ann \ufffd\ufffd\ufffd Lee\n');
  expect(page).toContain('a b\n');
  expect(page).toContain('Amélie\n');
  expect(page).toMatch(/x{20,}…\n/);
  expect(pages.at(-1)).toContain('stands for a character that this file has no font for');
});

it('knows what its fonts have', () => {
  const { pdf } = new PdfCanvas({ title: '', author: '', createdAt: new Date(0) });
  for (const face of ['regular', 'bold']) {
    pdf.font(face);
    const { font } = (pdf as unknown as { _font: { font: { hasGlyphForCodePoint(code: number): boolean } } })._font;
    for (let code = 0x20; code < 0x10000; code++) {
      if (covered.test(String.fromCharCode(code)))
        expect([code, font.hasGlyphForCodePoint(code)]).toEqual([code, true]);
    }
  }
});

it('reads no more rows than it prints, and says that there are more', async () => {
  let asked = 0;
  const endless = function* (): Generator<TableCell[]> {
    for (;;) yield [`${asked++}`];
  };
  const { pages } = await read(endless(), columns.slice(0, 1));
  expect(asked).toBe(mostPdfRows + 1);
  expect(pages.at(-1)).toContain('Only the first 10,000 rows are printed');
}, 240_000);

it('ends with its reader', async () => {
  let ended = false;
  const endless = function* (): Generator<TableCell[]> {
    try {
      for (;;) yield ['Ada', 1, null];
    } finally {
      ended = true;
    }
  };
  const file = writePdf(heading, summary, columns, endless());
  await once(file, 'readable');
  file.destroy();
  await once(file, 'close');
  expect(ended).toBe(true);
});
