import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { isId } from '../http/fields.js';
import type { TableCell } from '../http/table-file.js';
import { type Box, ink, PdfCanvas, replacement, sheet } from './pdf-canvas.js';
import { describeChart, drawChart } from './pdf-chart.js';
import { drawTable, tablePages } from './pdf-table.js';
import type { Chart, ReportColumn, ReportSummary } from './report-kind.js';

/** What stands above the figures. */
export interface PdfHeading {
  readonly tenantName: string;
  /** Of the instants in the cells. */
  readonly timeZone: string;
  /** Whose rows, in words. */
  readonly scope: string;
  /** Local days, both included; null: as it is now. */
  readonly period: { readonly from: string; readonly to: string } | null;
  /** What else was asked. */
  readonly filter: readonly { readonly label: string; readonly value: string }[];
  readonly asOf: Date;
}

/**
 * Of a table on paper: some 300 pages, which nobody reads to the end. 10,000 rows of 12 columns were measured to take a
 * minute of one core, in pieces of a page, at 206 MB resident; the memory hardly grows with the rows, the time does.
 */
export const mostPdfRows = 10_000;

const mostFigures = 6;
const mostCharts = 4;
const width = sheet.width - 2 * sheet.margin;
/** Room for the number of pages, which is known last. */
const countRoom = 34;

/**
 * A report to be read and handed on: a page with figures and charts, and then the rows, up to `mostPdfRows`; it says so
 * where there are more. Pages are written while rows are read. Tagged, with a title and a language; a chart says its
 * values in words. A character that is not Latin, Greek or Cyrillic is U+FFFD, and the last page says so.
 */
export function writePdf(
  heading: PdfHeading,
  summary: ReportSummary,
  columns: readonly ReportColumn[],
  rows: AsyncIterable<readonly TableCell[]> | Iterable<readonly TableCell[]>,
): Readable {
  return Readable.from(writtenPages(new PdfReport(heading, summary), columns, rows), { objectMode: false });
}

async function* writtenPages(
  report: PdfReport,
  columns: readonly ReportColumn[],
  rows: AsyncIterable<readonly TableCell[]> | Iterable<readonly TableCell[]>,
): AsyncGenerator<Buffer> {
  report.drawFirstPage();
  const kept = new FirstRows(rows);
  for await (const page of tablePages(report.canvas, columns, kept)) {
    report.drawPage(() => drawTable(report.canvas, page, (draw) => report.tag('P', draw)));
    yield* report.written();
    // hundreds of rows are there at once, and drawing them would let nothing else have its turn
    await setImmediate();
  }
  report.end(kept.hasMore);
  yield* report.written();
}

/** The rows that are printed; whoever supplies them is told when that is enough. */
class FirstRows implements AsyncIterable<readonly TableCell[]> {
  hasMore = false;

  constructor(private readonly rows: AsyncIterable<readonly TableCell[]> | Iterable<readonly TableCell[]>) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly TableCell[]> {
    let count = 0;
    for await (const row of this.rows) {
      this.hasMore = count++ === mostPdfRows;
      if (this.hasMore) return;
      yield row;
    }
  }
}

class PdfReport {
  readonly canvas: PdfCanvas;
  private readonly root: PDFKit.PDFStructureElement;
  private readonly pageCount: PDFKit.PDFKitReference;
  private pages = 0;

  constructor(
    private readonly heading: PdfHeading,
    private readonly summary: ReportSummary,
  ) {
    const { tenantName, asOf } = heading;
    this.canvas = new PdfCanvas({ title: `${summary.title} – ${tenantName}`, author: tenantName, createdAt: asOf });
    const { pdf } = this.canvas;
    this.root = pdf.struct('Document');
    pdf.addStructure(this.root);
    // drawn on every page, and written once their number is known: 'of 12', in a font that every reader has
    const font = pdf.ref({ Type: 'Font', Subtype: 'Type1', BaseFont: 'Helvetica', Encoding: 'WinAnsiEncoding' });
    font.end(null);
    const resources = { Font: { F: font } };
    this.pageCount = pdf.ref({ Type: 'XObject', Subtype: 'Form', BBox: [0, 0, countRoom, 10], Resources: resources });
  }

  /** What has been drawn and not yet been handed on. */
  *written(): Generator<Buffer> {
    for (;;) {
      const bytes = this.canvas.pdf.read() as Buffer | null;
      if (bytes === null) return;
      yield bytes;
    }
  }

  tag(
    kind: 'H1' | 'H2' | 'P' | 'Figure',
    draw: () => void,
    options: { readonly alt?: string; readonly bbox?: number[] } = {},
  ): void {
    const element = this.canvas.pdf.struct(kind, options as PDFKit.Mixins.StructureElementOptions);
    this.root.add(element);
    element.add(draw);
    element.end();
  }

  drawPage(draw: () => void): void {
    this.canvas.pdf.addPage();
    this.pages++;
    this.drawFooter();
    draw();
  }

  drawFirstPage(): void {
    const { canvas, summary } = this;
    this.drawPage(() => {
      let y: number = sheet.margin;
      this.tag('P', () => canvas.text(this.heading.tenantName, sheet.margin, y, { size: 9, color: ink.soft, width }));
      y += 15;
      this.tag('H1', () =>
        canvas.text(summary.title, sheet.margin, y, { size: 21, face: 'bold', color: ink.accent, width }),
      );
      y += 31;
      const style = { size: 8.5, color: ink.soft } as const;
      for (const line of canvas.lines(this.introduction(), width, 3, style)) {
        this.tag('P', () => canvas.text(line, sheet.margin, y, style));
        y += 12;
      }
      y += 8;
      canvas.pdf
        .moveTo(sheet.margin, y)
        .lineTo(sheet.margin + width, y)
        .lineWidth(1)
        .strokeColor(ink.accent)
        .stroke();
      y += 12;
      if (summary.figures.length > 0) {
        this.drawFigures(y);
        y += 60;
      }
      this.drawCharts({ x: sheet.margin, y, width, height: sheet.height - sheet.margin - 20 - y });
    });
  }

  /** @param hasMore whether there were rows that are not printed */
  end(hasMore: boolean): void {
    const { canvas, pages, pageCount } = this;
    const notes: string[] = [];
    if (hasMore)
      notes.push(
        `Only the first ${mostPdfRows.toLocaleString('en')} rows are printed; the other formats have them all.`,
      );
    if (canvas.hasReplacements) {
      notes.push(`${replacement} stands for a character that this file has no font for; the other formats have it.`);
    }
    notes.forEach((note, index) => {
      const y = sheet.height - sheet.margin + 10 + index * 10;
      this.tag('P', () => canvas.text(note, sheet.margin, y, { size: 7.5, color: ink.soft, width }));
    });
    pageCount.end(Buffer.from(`BT /F 7.5 Tf 0.36 0.4 0.44 rg 0 2.4 Td (of ${pages}) Tj ET`));
    canvas.pdf.end();
  }

  private introduction(): string {
    const { scope, period, filter, asOf, timeZone } = this.heading;
    const parts = [scope];
    if (period)
      parts.push(period.from === period.to ? longDay(period.from) : `${longDay(period.from)} – ${longDay(period.to)}`);
    for (const { label, value } of filter) parts.push(inWords(label, value));
    parts.push(`As of ${localInstant(asOf, timeZone)} (${timeZone})`);
    return parts.join('  ·  ');
  }

  private drawFigures(y: number): void {
    const { canvas } = this;
    const figures = this.summary.figures.slice(0, mostFigures);
    const room = width / figures.length;
    figures.forEach(({ label, value }, index) => {
      const x = sheet.margin + index * room;
      this.tag('P', () => {
        canvas.pdf.rect(x, y, 2, 40).fill(ink.accent);
        const fits = [19, 15, 12].find((size) => canvas.widthOf(value, { size, face: 'bold' }) <= room - 18) ?? 10;
        canvas.text(value, x + 9, y + 22 - fits, { size: fits, face: 'bold', width: room - 16 });
        canvas.text(label, x + 9, y + 27, { size: 8, color: ink.soft, width: room - 16 });
      });
    });
  }

  /** One over the whole width, two side by side; of three or four the first above the others. */
  private drawCharts({ x, y, width: wide, height }: Box): void {
    const charts = this.summary.charts.slice(0, mostCharts);
    const gap = 26;
    const rows = charts.length > 2 ? [charts.slice(0, 1), charts.slice(1)] : [charts];
    const tall = (height - gap * (rows.length - 1)) / rows.length;
    rows.forEach((row, down) =>
      row.forEach((chart, across) => {
        const part = (wide - gap * (row.length - 1)) / row.length;
        this.drawChart(chart, { x: x + across * (part + gap), y: y + down * (tall + gap), width: part, height: tall });
      }),
    );
  }

  private drawChart(chart: Chart, box: Box): void {
    const bbox = [box.x, box.y, box.x + box.width, box.y + box.height];
    this.tag('Figure', () => drawChart(this.canvas, chart, box), { alt: describeChart(chart), bbox });
  }

  private drawFooter(): void {
    const { canvas, pages, heading, summary } = this;
    const { pdf } = canvas;
    const y = sheet.height - sheet.margin - 2;
    const style = { size: 7.5, color: ink.soft } as const;
    pdf.markContent('Artifact', { type: 'Pagination' });
    const right = sheet.margin + width - countRoom;
    canvas.text(`${heading.tenantName}  ·  ${summary.title}`, sheet.margin, y, { ...style, width: width / 2 });
    canvas.text(`Page ${pages}`, sheet.margin + width / 2, y, {
      ...style,
      width: width / 2 - countRoom - 2,
      align: 'right',
    });
    (pdf.page.xobjects as Record<string, unknown>).Count = this.pageCount;
    pdf
      .save()
      .transform(1, 0, 0, -1, right, y + 9.2)
      .addContent('/Count Do');
    pdf.restore();
    pdf.endMarkedContent();
  }
}

/** Ids say nothing on paper but how many they are. */
function inWords(label: string, value: string): string {
  const values = value.split(', ');
  return values.every(isId) ? `${label.replace(/ ids?$/, '')}: ${values.length} chosen` : `${label}: ${value}`;
}

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });

function longDay(text: string): string {
  return day.format(new Date(`${text}T00:00:00Z`));
}

function localInstant(instant: Date, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone }).format(instant);
}
