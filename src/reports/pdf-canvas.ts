import { createRequire } from 'node:module';
import PDFDocument from 'pdfkit';

const require = createRequire(import.meta.url);
/** Apache 2.0; Latin, Greek and Cyrillic. The files are within the package, so nothing is fetched or found by luck. */
const faces = {
  regular: require.resolve('roboto-fontface/fonts/roboto/Roboto-Regular.woff'),
  bold: require.resolve('roboto-fontface/fonts/roboto/Roboto-Medium.woff'),
} as const;
type Face = keyof typeof faces;

/** What stands for a character that the font does not have: visible, and told about on the last page. */
export const replacement = '\uFFFD';

/** What both faces have, by the tables of the font: `pdf-file.spec.ts` compares. */
export const covered =
  /[ -~\u00a0-\u017f\u0192\u01a0\u01a1\u01af\u01b0\u01f0\u01fa-\u01ff\u0218-\u021b\u0237\u0259\u02bc\u02c6\u02c7\u02d8-\u02dd\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u03ce\u0400-\u0486\u0488-\u0513\u1e00\u1e01\u1e3e\u1e3f\u1e80-\u1e85\u1ea0-\u1ef9\u2010\u2011\u2013-\u2015\u2017-\u201e\u2020-\u2022\u2025-\u2027\u2030\u2032\u2033\u2039\u203a\u2044\u20a6-\u20ac\u20b9\u2116\u2122\u2212\u2248\u2260\u2264\u2265\ufffd]/;

/** Points; A4, lying. */
export const sheet = { width: 841.89, height: 595.28, margin: 40 } as const;

/** Shades that stay apart in black and white. */
export const ink = { text: '#1a1a1a', soft: '#5c6670', line: '#c9ced4', faint: '#eef1f4', accent: '#16395c' } as const;

export interface TextStyle {
  readonly size: number;
  readonly face?: Face;
  readonly color?: string;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface DocumentFacts {
  readonly title: string;
  readonly author: string;
  readonly createdAt: Date;
}

/** A document and how text is set in it. Nothing is kept of what was written but what pdfkit keeps of each page. */
export class PdfCanvas {
  readonly pdf: PDFKit.PDFDocument;
  /** Whether `replacement` had to be written. */
  hasReplacements = false;
  /** Of one unit of size; pdfkit's own measuring would lay out every text twice. */
  private readonly advances = { regular: new Map<string, number>(), bold: new Map<string, number>() };
  private readonly known = new Map<string, boolean>();

  constructor({ title, author, createdAt }: DocumentFacts) {
    this.pdf = new PDFDocument({
      size: [sheet.width, sheet.height],
      margin: 0,
      pdfVersion: '1.7',
      lang: 'en',
      tagged: true,
      displayTitle: true,
      autoFirstPage: false,
      // of every word that was ever written: without bound
      fontLayoutCache: false,
      info: { Title: title, Author: author, CreationDate: createdAt, ModDate: createdAt },
    });
    for (const [name, file] of Object.entries(faces)) this.pdf.registerFont(name, file);
  }

  /** One line, shortened to `width` where it is given; at `x` its left edge, or with `align` within `width`. */
  text(
    given: string,
    x: number,
    y: number,
    style: TextStyle & { readonly width?: number; readonly align?: 'left' | 'right' | 'center' },
  ): void {
    const { size, face = 'regular', color = ink.text, width, align = 'left' } = style;
    const text = width === undefined ? this.plain(given) : this.shortened(this.plain(given), width, style);
    if (text === '') return;
    const spare = width === undefined ? 0 : width - this.widthOf(text, style);
    const left = align === 'left' ? x : x + (align === 'right' ? spare : spare / 2);
    this.pdf.font(face).fontSize(size).fillColor(color).text(text, left, y, { lineBreak: false });
  }

  /** Width of one line, in points. */
  widthOf(text: string, { size, face = 'regular' }: TextStyle): number {
    const advances = this.advances[face];
    let sum = 0;
    for (const character of text) {
      let advance = advances.get(character);
      if (advance === undefined) {
        advance = this.pdf.font(face).fontSize(1_000).widthOfString(character) / 1_000;
        advances.set(character, advance);
      }
      sum += advance;
    }
    return sum * size;
  }

  /** The lines of a text: broken between words, within them where one is too long; the last one shortened. */
  lines(given: string, width: number, most: number, style: TextStyle): string[] {
    const lines: string[] = [];
    let rest = this.plain(given);
    while (rest !== '') {
      if (lines.length === most - 1 || this.widthOf(rest, style) <= width) {
        lines.push(this.shortened(rest, width, style));
        break;
      }
      const fitting = this.fitting(rest, width, style);
      const space = rest.lastIndexOf(' ', fitting);
      const end = space > 0 ? space : fitting;
      lines.push(rest.slice(0, end));
      rest = rest.slice(end).trimStart();
    }
    return lines;
  }

  /** As the font can show it, on one line. Accents that the font has on no letter of their own are left away. */
  private plain(text: string): string {
    let plain = '';
    // what only shapes or joins others leaves nothing behind
    const visible = text
      .normalize('NFC')
      .replaceAll(/\s+/gu, ' ')
      .replaceAll(/[\p{Cf}\p{Cc}\p{Mn}\p{Emoji_Modifier}]/gu, '');
    for (const character of visible) {
      if (this.has(character)) plain += character;
      else {
        this.hasReplacements = true;
        plain += replacement;
      }
    }
    return plain.trim();
  }

  private shortened(text: string, width: number, style: TextStyle): string {
    if (this.widthOf(text, style) <= width) return text;
    const kept = text.slice(0, this.fitting(text, width - this.widthOf('…', style), style));
    return `${kept.trimEnd()}…`;
  }

  /** How many UTF-16 units fit, at least one character. */
  private fitting(text: string, width: number, style: TextStyle): number {
    let end = 0;
    let sum = 0;
    for (const character of text) {
      sum += this.widthOf(character, style);
      if (sum > width && end > 0) break;
      end += character.length;
    }
    return end;
  }

  private has(character: string): boolean {
    let has = this.known.get(character);
    if (has === undefined) {
      has = covered.test(character);
      this.known.set(character, has);
    }
    return has;
  }
}
