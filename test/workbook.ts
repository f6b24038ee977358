import { inflateRawSync } from 'node:zlib';

/** The files in a zip, by name, as its central directory lists them. */
export function unzip(zip: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  let at = zip.readUInt32LE(end + 16);
  for (let count = zip.readUInt16LE(end + 10); count > 0; count--) {
    const size = zip.readUInt32LE(at + 20);
    const [name, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    const local = zip.readUInt32LE(at + 42);
    const begin = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const data = zip.subarray(begin, begin + size);
    files.set(
      zip.toString('utf8', at + 46, at + 46 + name),
      zip.readUInt16LE(at + 10) === 8 ? inflateRawSync(data) : data,
    );
    at += 46 + name + extra + comment;
  }
  return files;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const unescape = (text: string): string =>
  text
    .replace(/&(\w+);/g, (_, name: string) => entities[name]!)
    .replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
const columnOf = (letters: string): number =>
  [...letters].reduce((column, letter) => column * 26 + letter.charCodeAt(0) - 64, 0) - 1;

/** The cells of a workbook's first sheet: text is a string, a number a number, what is not there null. */
export function readSheet(xlsx: Buffer): (string | number | null)[][] {
  const sheet = unzip(xlsx).get('xl/worksheets/sheet1.xml')!.toString();
  if (sheet.includes('<f')) throw new Error('there is a formula');
  const rows: (string | number | null)[][] = [];
  for (const [, number, inside = ''] of sheet.matchAll(/<row r="(\d+)"[^>]*?(?:\/>|>(.*?)<\/row>)/gs)) {
    // an empty row is not written
    while (rows.length < Number(number) - 1) rows.push([]);
    rows.push(readCells(inside));
  }
  return rows;
}

function readCells(row: string): (string | number | null)[] {
  const cells: (string | number | null)[] = [];
  for (const [, letters, type, inside = ''] of row.matchAll(
    /<c r="([A-Z]+)\d+"(?: t="(\w+)")?[^>]*?(?:\/>|>(.*?)<\/c>)/gs,
  )) {
    const text = /<(?:t|v)(?: [^>]*)?>(.*)<\/(?:t|v)>/s.exec(inside)?.[1] ?? '';
    while (cells.length < columnOf(letters!)) cells.push(null);
    cells.push(type === 'inlineStr' ? unescape(text) : Number(text));
  }
  return cells;
}
