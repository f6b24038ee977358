import { once } from 'node:events';
import { parse } from 'csv-parse/sync';
import fc from '../../test/property.js';
import { readSheet } from '../../test/workbook.js';
import { type Table, type TableCell, type TableFormat, writeTable } from './table-file.js';

async function written(format: TableFormat, table: Table): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of writeTable(format, table)) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks);
}

const table = (rows: readonly (readonly TableCell[])[], columns = ['A', 'B']): Table => ({
  title: 'Test',
  columns,
  rows,
});

// what is stored in a database has no NUL, and no half of a surrogate pair
const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'));
const cell = fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0), fc.constant(null)); // prettier-ignore
const rows = fc.array(fc.tuple(cell, cell), { maxLength: 20 });

describe('CSV', () => {
  it('is read as it was written, but for an apostrophe before what would be a formula', async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (given) => {
        const read = parse(await written('csv', table(given)), { bom: true, record_delimiter: '\r\n' });
        const safe = (value: TableCell): string =>
          typeof value === 'string' && /^[-=+@\t\r\n＝＋－＠]/.test(value) ? `'${value}` : String(value ?? '');
        expect(read).toEqual([['A', 'B'], ...given.map((row) => row.map(safe))]);
      }),
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1'])('makes %j harmless', async (formula) => {
    const [header, row] = parse(await written('csv', table([[formula, -1]], [formula, 'B'])), { bom: true });
    expect([header, row]).toEqual([[`'${formula}`, 'B'], [`'${formula}`, '-1']]); // prettier-ignore
  });

  it('begins with a byte order mark and ends lines as RFC 4180 does', async () => {
    expect([
      ...(await written(
        'csv',
        table([
          ['Zoë', 1.5],
          [null, 'x,"y"'],
        ]),
      )),
    ]).toEqual([
      // prettier-ignore
      ...Buffer.from('\uFEFFA,B\r\nZoë,1.5\r\n,"x,""y"""\r\n'),
    ]);
  });
});

describe('XLSX', () => {
  it('is read as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (given) => {
        const read = readSheet(await written('xlsx', table(given)));
        // what is empty at the end is not there
        const whole = [['A', 'B'], ...given].map((_, row) => [0, 1].map((column) => read[row]?.[column] ?? null));
        expect(whole).toEqual([['A', 'B'], ...given]);
      }),
    );
  });

  it('has no formula in it, and means by _x0041_ nothing else', async () => {
    const cells = [['=HYPERLINK("http://evil.example","x")', '_x0041_'] as const, ['@SUM(1)', '<f>1</f>'] as const];
    expect(readSheet(await written('xlsx', table(cells)))).toEqual([['A', 'B'], ...cells]);
  });

  it('cuts what Excel would not open', async () => {
    const [header, row] = readSheet(await written('xlsx', table([['x'.repeat(40_000), 1]], ['y'.repeat(40_000), 'B'])));
    expect([header![0], row![0]]).toEqual(['y'.repeat(32_767), 'x'.repeat(32_767)]);
  });
});

describe.each(['csv', 'xlsx'] as const)('%s', (format) => {
  it('asks for no more rows than are read, and for none when nobody reads any more', async () => {
    let asked = 0;
    let ended = false;
    async function* endless(): AsyncGenerator<TableCell[]> {
      try {
        for (;;) {
          // as from a database: not at once
          if (++asked % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
          yield ['x'.repeat(100), Math.random()];
        }
      } finally {
        ended = true;
      }
    }
    const file = writeTable(format, { title: 'Endless', columns: ['A', 'B'], rows: endless() });
    await once(file, 'readable');
    for (let quiet = 0, before = -1; quiet < 100; quiet = asked === before ? quiet + 1 : 0) {
      before = asked;
      await new Promise((resolve) => setImmediate(resolve));
      // it would never come to rest
      if (asked > 1_000_000) break;
    }
    expect(asked).toBeLessThan(1_000_000);
    file.destroy();
    await once(file, 'close');
    for (let turn = 0; turn < 1_000 && !ended; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(true);
  });

  it('breaks off where its rows do', async () => {
    async function* broken(): AsyncGenerator<TableCell[]> {
      yield await Promise.resolve(['x', 1]);
      throw new Error('gone');
    }
    await expect(written(format, { title: 'Broken', columns: ['A', 'B'], rows: broken() })).rejects.toThrow('gone');
  });
});
