import { Readable } from 'node:stream';
import { type CsvFormat, readCsvFile } from './csv-file.js';

const format: CsvFormat<'pid' | 'studentId' | 'grade'> = {
  columns: ['pid', 'studentId', 'grade'],
  required: ['grade'],
  keys: ['pid', 'studentId'],
  maxBytes: 4_000_000,
  maxRows: 1_000,
};
const read = (...parts: (string | Buffer)[]): Promise<unknown> =>
  readCsvFile(Readable.from(parts.map((part) => Buffer.from(part))), format);
const refusal = async (...parts: (string | Buffer)[]): Promise<unknown> => {
  try {
    await read(...parts);
    return 'read';
  } catch (error) {
    const { status, code, detail } = error as { status: number; code: string; detail: string };
    return [status, code, detail];
  }
};

it('reads rows by the names of their columns, in any order and however the bytes arrive', async () => {
  const rows = [
    { pid: 'A-1', grade: '85' },
    { pid: 'Jörg', grade: '90,5' },
  ];
  expect(await read('pid,grade\nA-1,85\nJörg,"90,5"\n')).toEqual(rows);
  expect(await read('\uFEFFGrade;PID\r\n85;A-1\r\n\r\n 90,5 ; Jörg\r\n')).toEqual(rows);
  const bytes = [...Buffer.from('pid,grade\nA-1,85\nJörg,"90,5"')].map((byte) => Buffer.from([byte]));
  expect(await read(...bytes)).toEqual(rows);
});

it('takes cells as data', async () => {
  expect(await read('pid,grade\n=1+1,"=HYPERLINK(""http://x"")"\n@x,-1\n')).toEqual([
    { pid: '=1+1', grade: '=HYPERLINK("http://x")' },
    { pid: '@x', grade: '-1' },
  ]);
});

it('refuses what is no such file and says where', async () => {
  const unknown = 'The first row names a column that is not one of pid, studentId, grade.';
  expect(await refusal('')).toEqual([400, 'header_missing', expect.any(String)]);
  expect(await refusal('pid,mark\n')).toEqual([400, 'column_unknown', unknown]);
  expect(await refusal('pid,grade,Pid\n')).toEqual([400, 'column_repeated', expect.stringContaining('pid twice')]);
  expect(await refusal('pid\n')).toEqual([400, 'column_missing', expect.stringContaining('grade')]);
  expect(await refusal('grade\n')).toEqual([400, 'column_missing', expect.stringContaining('one of pid, studentId')]);
  expect(await refusal('pid,grade\nA-1,85\nA-2\n')).toEqual([
    400,
    'file_malformed',
    'Line 3 is not CSV: it has more or fewer cells than the first row.',
  ]);
  expect(await refusal(Buffer.from('pid,grade\nJ\xf6rg,85\n', 'latin1'))).toEqual([
    400,
    'file_not_utf8',
    expect.any(String),
  ]);
  expect(await refusal(Buffer.from('\uFEFFpid,grade\n', 'utf16le'))).toEqual([
    400,
    'file_not_utf8',
    expect.any(String),
  ]);
});

it('takes as many rows and bytes as the format says', async () => {
  const file = (rows: number): string => `pid,grade\n${'A-1,85\n'.repeat(rows)}`;
  expect(await read(file(1_000))).toHaveLength(1_000);
  expect(await refusal(file(1_001))).toEqual([422, 'file_too_long', 'A file has 1000 rows at most.']);
  expect(await refusal(file(100_000))).toEqual([422, 'file_too_long', expect.any(String)]);
  expect(await refusal('pid,grade\n', 'x'.repeat(4_000_000))).toEqual([413, 'body_too_large', expect.any(String)]);
});
