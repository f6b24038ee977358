import type { TableCell } from '../http/table-file.js';
import { ink, type PdfCanvas, sheet } from './pdf-canvas.js';
import type { ReportColumn } from './report-kind.js';

type Row = readonly TableCell[];

/** Columns side by side on one page; where there are too many for one, the first of all begins each. */
type Band = readonly Column[];

interface Column {
  readonly index: number;
  readonly title: string;
  readonly width: number;
  readonly isNumber: boolean;
}

interface SetRow {
  /** The lines of every cell, by the index of its column. */
  readonly cells: readonly (readonly string[])[];
  readonly height: number;
}

/** What stands on one page, ready to be drawn. */
export interface TablePage {
  readonly band: Band;
  readonly rows: readonly SetRow[];
}

const body = { size: 7.5, color: ink.text } as const;
const head = { size: 7.5, face: 'bold', color: ink.accent } as const;
const lineHeight = 9.4;
const padding = { x: 4, y: 3 } as const;
const most = { headLines: 3, cellLines: 4, cellWidth: 270 } as const;
/** As far as a column gives way, its cells in several lines, before the table is divided. */
const narrowed = 60;
/** Rows that the widths are measured by; later ones are fitted to them. */
const sampledRows = 150;
const width = sheet.width - 2 * sheet.margin;
const height = sheet.height - 2 * sheet.margin - 14;
/** Ids, which are for joining files and of no use on paper. */
const machineRead = /^id$|Id$/;
const printedInstant = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d[+-]\d\d:\d\d$/;

/** The pages of a table, each as soon as its rows are there: no more is held than these and the sample. */
export async function* tablePages(
  canvas: PdfCanvas,
  columns: readonly ReportColumn[],
  rows: AsyncIterable<Row> | Iterable<Row>,
): AsyncGenerator<TablePage> {
  const sample: Row[] = [];
  let bands: Band[] | undefined;
  let held: SetRow[] = [];
  let room = 0;
  const pages = (): TablePage[] => bands!.map((band) => ({ band, rows: held }));
  function* placed(row: Row): Generator<TablePage> {
    const set = setRow(canvas, bands!, row);
    if (set.height > room) {
      if (held.length > 0) yield* pages();
      held = [];
      room = height - Math.max(...bands!.map((band) => headHeight(canvas, band)));
    }
    held.push(set);
    room -= set.height;
  }
  for await (const row of rows) {
    if (bands) yield* placed(row);
    else if (sample.push(row) === sampledRows) {
      bands = bandsOf(canvas, columns, sample);
      for (const one of sample) yield* placed(one);
    }
  }
  if (!bands) {
    bands = bandsOf(canvas, columns, sample);
    for (const one of sample) yield* placed(one);
  }
  yield* pages();
}

/** Draws a page from the top margin. @param eachRow draws a row, which it can tag for who cannot see it */
export function drawTable(canvas: PdfCanvas, { band, rows }: TablePage, eachRow: (draw: () => void) => void): void {
  const { pdf } = canvas;
  const right = sheet.margin + band.reduce((sum, column) => sum + column.width, 0);
  let y = sheet.margin;
  const rule = (weight: number, color: string): void =>
    void pdf.moveTo(sheet.margin, y).lineTo(right, y).lineWidth(weight).strokeColor(color).stroke();
  const heads = band.map(({ title, width: wide }) => headLines(canvas, title, wide));
  const tall = headHeight(canvas, band);
  drawCells(
    canvas,
    band,
    heads,
    tall - padding.y - lineHeight * Math.max(...heads.map(({ length }) => length)),
    y,
    head,
  );
  y += tall;
  rule(1, ink.accent);
  for (const { cells, height: tallRow } of rows) {
    const lines = band.map(({ index }) => cells[index]!);
    const at = y;
    eachRow(() => drawCells(canvas, band, lines, padding.y, at, body));
    y += tallRow;
    rule(0.4, ink.line);
  }
  if (rows.length === 0)
    canvas.text('Nothing matches what was asked.', sheet.margin + padding.x, y + 8, { ...body, size: 9 });
}

function drawCells(
  canvas: PdfCanvas,
  band: Band,
  lines: readonly (readonly string[])[],
  above: number,
  y: number,
  style: typeof body | typeof head,
): void {
  let x: number = sheet.margin;
  band.forEach((column, which) => {
    const align = column.isNumber ? 'right' : 'left';
    const within = column.width - 2 * padding.x + 0.5;
    lines[which]!.forEach((line, row) =>
      canvas.text(line, x + padding.x, y + above + row * lineHeight, { ...style, width: within, align }),
    );
    x += column.width;
  });
}

function setRow(canvas: PdfCanvas, bands: readonly Band[], row: Row): SetRow {
  // columns that are not printed are no lines
  const cells: (readonly string[])[] = row.map(() => []);
  for (const { index, width: wide } of bands.flat()) {
    cells[index] = canvas.lines(printed(row[index] ?? null), wide - 2 * padding.x, most.cellLines, body);
  }
  const lines = Math.max(1, ...cells.map(({ length }) => length));
  return { cells, height: lines * lineHeight + 2 * padding.y };
}

function headLines(canvas: PdfCanvas, title: string, wide: number): string[] {
  return canvas.lines(title, wide - 2 * padding.x, most.headLines, head);
}

function headHeight(canvas: PdfCanvas, band: Band): number {
  return (
    Math.max(1, ...band.map((column) => headLines(canvas, column.title, column.width).length)) * lineHeight +
    2 * padding.y
  );
}

/** To the minute, in the zone that the first page names: a page has no room for more. */
function printed(cell: TableCell): string {
  if (cell === null) return '–';
  if (typeof cell === 'number') return cell.toLocaleString('en', { maximumFractionDigits: 2 });
  const [, day, time] = printedInstant.exec(cell) ?? [];
  return day === undefined ? cell : `${day} ${time}`;
}

function bandsOf(canvas: PdfCanvas, columns: readonly ReportColumn[], sample: readonly Row[]): Band[] {
  const wanted = columns.flatMap((column, index) => {
    const isRead = !machineRead.test(column.name);
    return isRead ? [measured(canvas, column, index, sample)] : [];
  });
  const sum = (list: readonly Column[]): number => list.reduce((total, column) => total + column.width, 0);
  const least = wanted.map((column) => ({ ...column, width: Math.min(column.width, narrowed) }));
  const spare = width - sum(least);
  if (spare >= 0) {
    const missing = sum(wanted) - sum(least);
    // what all would like and there is, or else a like share for each
    const share = missing === 0 ? 0 : Math.min(1, spare / missing);
    const fitted = least.map((column, index) => ({
      ...column,
      width: column.width + share * (wanted[index]!.width - column.width),
    }));
    const stretch = Math.min(1.6, width / sum(fitted));
    return [fitted.map((column) => ({ ...column, width: column.width * Math.max(1, stretch) }))];
  }
  const [first, ...others] = wanted.map((column) => ({ ...column, width: Math.min(column.width, 110) }));
  const bands: Column[][] = [];
  let room = 0;
  for (const column of others) {
    if (column.width > room) {
      bands.push([first!]);
      room = width - first!.width;
    }
    bands.at(-1)!.push(column);
    room -= column.width;
  }
  return bands;
}

/** As wide as the sample and the longest word of its title want it; a short title stands in one line. */
function measured(canvas: PdfCanvas, { title }: ReportColumn, index: number, sample: readonly Row[]): Column {
  const cells = sample.map((row) => row[index] ?? null).filter((cell) => cell !== null);
  const words = title.split(' ').map((word) => canvas.widthOf(word, head));
  const whole = Math.min(canvas.widthOf(title, head), narrowed);
  const widest = Math.max(whole, ...words, ...cells.map((cell) => canvas.widthOf(printed(cell), body)));
  return {
    index,
    title,
    width: Math.min(widest, most.cellWidth) + 2 * padding.x + 0.5,
    isNumber: cells.length > 0 && cells.every((cell) => typeof cell === 'number'),
  };
}
