import { type Box, ink, type PdfCanvas } from './pdf-canvas.js';
import type { Chart } from './report-kind.js';

/** Beyond, nobody tells them apart in black and white. */
const looks = [
  { color: '#16395c', dash: null, marker: 'circle', hatch: null },
  { color: '#b4530a', dash: 4, marker: 'square', hatch: 'rising' },
  { color: '#5c6670', dash: 1.5, marker: 'triangle', hatch: 'falling' },
  { color: '#0f7b6c', dash: 7, marker: 'diamond', hatch: 'level' },
] as const;
type Look = (typeof looks)[number];

const title = { size: 10.5, face: 'bold', color: ink.text } as const;
const small = { size: 7.5, color: ink.soft } as const;
const ticksWanted = 4;
/** More points, and marking each would hide the line. */
const mostMarked = 35;

interface Axis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

/** Draws a chart into a box: title, unit, legend, axes with labels, and what is drawn as lines and areas, no picture. */
export function drawChart(canvas: PdfCanvas, chart: Chart, box: Box): void {
  const { pdf } = canvas;
  canvas.text(chart.title, box.x, box.y, { ...title, width: box.width });
  const series = chart.series.slice(0, looks.length);
  canvas.text(chart.unit, box.x, box.y + 14, { ...small, width: box.width });
  if (series.length > 1) drawLegend(canvas, chart.kind, series, box);
  const values = series.flatMap((one) => one.values.filter((value) => value !== null));
  const axis = axisOf(values, chart.unit);
  const labels = axis.ticks.map(number);
  const left = box.x + Math.max(...labels.map((label) => canvas.widthOf(label, small))) + 6;
  const labelRows = chart.kind === 'bar' ? 2 : 1;
  const top = box.y + 30;
  const plot = {
    x: left,
    y: top,
    width: box.x + box.width - left,
    height: box.y + box.height - top - 4 - labelRows * 9,
  };
  const place = (value: number): number => plot.y + plot.height * (1 - (value - axis.low) / (axis.high - axis.low));
  axis.ticks.forEach((tick, index) => {
    const y = place(tick);
    pdf
      .moveTo(plot.x, y)
      .lineTo(plot.x + plot.width, y)
      .lineWidth(tick === 0 ? 0.9 : 0.5);
    pdf.strokeColor(tick === 0 ? ink.soft : ink.line).stroke();
    canvas.text(labels[index]!, box.x, y - 4.5, { ...small, width: plot.x - box.x - 6, align: 'right' });
  });
  if (values.length === 0) {
    canvas.text('No data', plot.x, plot.y + plot.height / 2 - 14, {
      size: 9,
      color: ink.soft,
      width: plot.width,
      align: 'center',
    });
  }
  const slot = plot.width / Math.max(1, chart.labels.length);
  drawLabels(canvas, chart, plot, slot);
  if (chart.kind === 'bar') drawBars(canvas, series, plot, slot, place);
  else series.forEach(({ values: line }, index) => drawLine(canvas, line, plot, slot, place, looks[index]!));
}

/** The same in words, for who cannot see it. */
export function describeChart({ title, unit, labels, series }: Chart): string {
  const lines = series.map(({ name, values }) => {
    const points = values.map((value, index) => `${labels[index]} ${value === null ? 'no data' : number(value)}`);
    return `${name}: ${points.join(', ')}`;
  });
  return `${title} (${unit}). ${lines.join('. ')}`.slice(0, 2_000);
}

function drawLegend(canvas: PdfCanvas, kind: Chart['kind'], series: Chart['series'], box: Box): void {
  const { pdf } = canvas;
  let right = box.x + box.width;
  for (let index = series.length - 1; index >= 0; index--) {
    const name = series[index]!.name;
    const look = looks[index]!;
    const x = right - Math.min(canvas.widthOf(name, small), 120);
    canvas.text(name, x, box.y + 14, { ...small, width: 120.5 });
    const y = box.y + 18.5;
    if (kind === 'bar') fillBar(canvas, { x: x - 14, y: y - 4, width: 10, height: 8 }, look);
    else {
      pdf.moveTo(x - 26, y).lineTo(x - 5, y);
      strokeAs(canvas, look);
      drawMarker(canvas, x - 15.5, y, look);
    }
    right = x - (kind === 'bar' ? 26 : 38);
  }
}

function drawLabels(canvas: PdfCanvas, { kind, labels }: Chart, plot: Box, slot: number): void {
  const y = plot.y + plot.height + 4;
  const widest = Math.max(0, ...labels.map((label) => canvas.widthOf(label, small)));
  if (kind === 'bar' && slot >= 24) {
    labels.forEach((label, index) => {
      const lines = canvas.lines(label, slot - 4, 2, small);
      lines.forEach((line, row) =>
        canvas.text(line, plot.x + index * slot + 2, y + row * 9, { ...small, width: slot - 3.5, align: 'center' }),
      );
    });
    return;
  }
  const width = Math.min(widest, 90);
  const step = Math.max(1, Math.ceil((width + 10) / slot));
  labels.forEach((label, index) => {
    if (index % step !== 0) return;
    const middle = plot.x + (index + 0.5) * slot;
    const x = Math.min(Math.max(middle - width / 2, plot.x), plot.x + plot.width - width);
    canvas.text(label, x, y, { ...small, width: width + 0.5, align: 'center' });
  });
}

function drawBars(
  canvas: PdfCanvas,
  series: Chart['series'],
  plot: Box,
  slot: number,
  place: (value: number) => number,
): void {
  const group = Math.min(slot * 0.72, 56 * series.length);
  const width = group / Math.max(1, series.length);
  series.forEach(({ values }, which) => {
    values.forEach((value, index) => {
      if (value === null) return;
      const x = plot.x + (index + 0.5) * slot - group / 2 + which * width;
      const [zero, end] = [place(0), place(value)];
      const bar = { x, y: Math.min(zero, end), width: width - 1, height: Math.abs(end - zero) };
      fillBar(canvas, bar, looks[which]!);
      const told = number(value);
      if (canvas.widthOf(told, small) > width + 4) return;
      canvas.text(told, x - 4, bar.y - 10, { ...small, color: ink.text, width: width + 7, align: 'center' });
    });
  });
}

function drawLine(
  canvas: PdfCanvas,
  values: Chart['series'][number]['values'],
  plot: Box,
  slot: number,
  place: (value: number) => number,
  look: Look,
): void {
  const { pdf } = canvas;
  const x = (index: number): number => plot.x + (index + 0.5) * slot;
  let drawn = false;
  values.forEach((value, index) => {
    const before = values[index - 1];
    if (value === null || before === null || before === undefined) return;
    pdf.moveTo(x(index - 1), place(before)).lineTo(x(index), place(value));
    drawn = true;
  });
  if (drawn) strokeAs(canvas, look);
  values.forEach((value, index) => {
    if (value === null) return;
    // between two gaps there is no line to see
    const alone = (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;
    if (alone || values.length <= mostMarked) drawMarker(canvas, x(index), place(value), look);
  });
}

function strokeAs({ pdf }: PdfCanvas, { color, dash }: Look): void {
  pdf.lineWidth(1.5).strokeColor(color).lineJoin('round');
  if (dash !== null) pdf.dash(dash, { space: 2.5 });
  pdf.stroke();
  pdf.undash();
}

function drawMarker({ pdf }: PdfCanvas, x: number, y: number, { color, marker }: Look): void {
  const r = 2.2;
  if (marker === 'circle') pdf.circle(x, y, r);
  else if (marker === 'square') pdf.rect(x - r, y - r, 2 * r, 2 * r);
  else if (marker === 'triangle') pdf.polygon([x, y - r * 1.3], [x + r * 1.2, y + r], [x - r * 1.2, y + r]);
  else pdf.polygon([x, y - r * 1.4], [x + r * 1.4, y], [x, y + r * 1.4], [x - r * 1.4, y]);
  pdf.fill(color);
}

function fillBar({ pdf }: PdfCanvas, { x, y, width, height }: Box, { color, hatch }: Look): void {
  if (height === 0) return;
  if (hatch === null) {
    pdf.rect(x, y, width, height).fill(color);
    return;
  }
  pdf.save().rect(x, y, width, height).clip();
  pdf.rect(x, y, width, height).fill('#ffffff');
  for (let at = -height; at < width + height; at += 3.5) {
    if (hatch === 'level') pdf.moveTo(x, y + at).lineTo(x + width, y + at);
    else if (hatch === 'rising') pdf.moveTo(x + at, y + height).lineTo(x + at + height, y);
    else pdf.moveTo(x + at, y).lineTo(x + at + height, y + height);
  }
  pdf.lineWidth(0.9).strokeColor(color).stroke().restore();
  pdf.rect(x, y, width, height).lineWidth(0.8).strokeColor(color).stroke();
}

/** From zero, or below it where values are; round steps, whole ones where the values are whole; per cent end at 100. */
function axisOf(values: readonly number[], unit: string): Axis {
  const isPerCent = unit.startsWith('%');
  const low = Math.min(0, ...values);
  const high = Math.max(isPerCent && values.length > 0 ? Math.min(100, Math.max(...values) * 1.25) : 0, ...values);
  const span = high - low || 1;
  const rough = span / ticksWanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough)! * power;
  if (values.every(Number.isInteger)) step = Math.max(1, Math.ceil(step));
  const first = Math.floor(low / step);
  const last = Math.max(Math.ceil(high / step), first + 1);
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
  return { low: ticks[0]!, high: ticks.at(-1)!, ticks };
}

function number(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 2 });
}
