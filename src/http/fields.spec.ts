import 'reflect-metadata';
import { Day, Decimal, Flag, Instant, Int, isDay, isInstant, Text, TextList } from './fields.js';
import type { Problem } from './problem.js';
import { ValidationPipe } from './validation.pipe.js';

class Base {
  @Int({ optional: true, description: '' })
  int?: number;
}

class Everything extends Base {
  @Decimal({ min: 0, max: 100, optional: true, description: '' })
  decimal?: number;

  @Flag({ optional: true, description: '' })
  flag?: boolean;

  @Day({ optional: true, description: '' })
  day?: string;

  @Instant({ optional: true, description: '' })
  instant?: string;

  @Text({ max: 3, optional: true, description: '' })
  text?: string;

  @TextList({ max: 2, item: { max: 3 }, optional: true, description: '' })
  list?: string[];
}

const pipe = new ValidationPipe();
const read = (type: 'query' | 'body', value: object): object =>
  pipe.transform(value, { type, metatype: Everything }) as object;

function pointers(type: 'query' | 'body', value: object): string[] {
  try {
    read(type, value);
  } catch (error) {
    return (error as Problem).errors!.map(({ pointer }) => pointer);
  }
  return [];
}

it('reads the plain form of text in queries, inherited fields too', () => {
  const query = { int: '-12', decimal: '99.5', flag: 'true', day: '2024-02-29', text: 'abc', list: 'a,b' };
  expect(read('query', query)).toMatchObject({ ...query, int: -12, decimal: 99.5, flag: true, list: ['a', 'b'] });
});

it('remembers a query, and lets nobody change what is remembered', () => {
  const query = read('query', { list: 'a' }) as Everything;
  expect(read('query', { list: 'a' })).toBe(query);
  expect(() => (query.int = 1)).toThrow(TypeError);
  expect(() => query.list!.push('b')).toThrow(TypeError);
});

it.each([
  { int: '0x10' },
  { int: '1e3' },
  { int: '2147483648' },
  { int: ['1', '2'] },
  { decimal: '1e1' },
  { decimal: 'NaN' },
  { decimal: '100.1' },
  { decimal: '.5' },
  { flag: 'TRUE' },
  { flag: '1' },
  { flag: '' },
  { text: 'abcd' },
  { text: '  ' },
  { text: 'a\0' },
  { list: 'a,b,c' },
  { list: 'a,,' },
])('refuses the query %j', (query) => {
  expect(pointers('query', query)).toEqual([`/query/${Object.keys(query)[0]}`]);
});

it.each([{ int: '1' }, { int: 1.5 }, { int: null }, { decimal: '1' }, { flag: 1 }, { list: 'a' }, { text: 1 }])(
  'converts nothing in the body %j',
  (body) => {
    expect(pointers('body', body)).toEqual([`/${Object.keys(body)[0]}`]);
  },
);

it('knows which days exist', () => {
  expect(['2024-02-29', '2000-02-29', '2026-12-31', '0001-01-01'].map(isDay)).toEqual([true, true, true, true]);
  for (const text of [
    '2026-02-29',
    '1900-02-29',
    '2026-04-31',
    '2026-13-01',
    '2026-00-01',
    '0000-01-01',
    '2026-1-1',
    ' 2026-01-01',
  ]) {
    expect([text, isDay(text)]).toEqual([text, false]);
  }
});

it('takes instants with their offset only', () => {
  for (const text of [
    '2026-11-20T08:30:00Z',
    '2026-11-20T08:30:00.123456+05:45',
    '2026-11-20T23:59:59-08:00',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999999Z',
  ]) {
    expect([text, isInstant(text)]).toEqual([text, true]);
  }
  for (const text of [
    '2026-11-20T08:30:00',
    '2026-11-20',
    '2026-02-30T08:30:00Z',
    '2026-11-20T24:00:00Z',
    '2026-11-20T08:60:00Z',
    '2026-11-20 08:30:00Z',
    '2026-11-20T08:30Z',
    '1763600000',
    '0001-01-01T00:00:00+14:00',
    '9999-12-31T23:59:59-14:00',
    '9999-12-31T23:59:59.9999999Z',
  ]) {
    expect([text, isInstant(text)]).toEqual([text, false]);
  }
});
