import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

/** A session that an extract of OULAD tells of, as `docs/oulad-mapping.md` says: a line has one for each kind of material. */
export interface Sitting {
  readonly student: string;
  /** Local day. */
  readonly day: string;
  /** The presentation that the student is a member of. */
  readonly department: string;
  /** `AAA_2013J-quiz` */
  readonly module: string;
}

type Row = Readonly<Record<string, string>>;
const materials = ['content', 'home', 'forum', 'quiz'] as const;

/** Read from the files by itself: nothing here is the product's. @param today the local day that is day N */
export async function* sittingsOf(folder: string, asOfDay: number, today: string): AsyncGenerator<Sitting> {
  const dayZero = dayAfter(today, -asOfDay);
  const members = new Map<string, string>();
  const order: string[] = [];
  for await (const { pres } of rowsOf(folder, 'presentations')) order.push(pres!);
  const enrolments: Row[] = [];
  for await (const row of rowsOf(folder, 'enrolments')) {
    if (row['registered_day'] === '' || Number(row['registered_day']) <= asOfDay) enrolments.push(row);
  }
  // who is in two presentations is a member of the first
  for (const pres of order) {
    for (const row of enrolments) {
      if (row['pres'] === pres && !members.has(row['id_student']!)) members.set(row['id_student']!, pres);
    }
  }
  for await (const row of rowsOf(folder, 'activity')) {
    const student = row['id_student']!;
    const department = members.get(student);
    if (department === undefined || Number(row['day']) > asOfDay) continue;
    const day = dayAfter(dayZero, Number(row['day']));
    for (const material of materials) {
      if (Number(row[`${material}_clicks`]) > 0)
        yield { student, day, department, module: `${row['pres']}-${material}` };
    }
  }
}

/** The presentations of an extract. */
export async function presentationsOf(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { pres } of rowsOf(folder, 'presentations')) names.push(pres!);
  return names;
}

/** No cell of these files holds a comma or a quote. */
async function* rowsOf(folder: string, name: string): AsyncGenerator<Row> {
  const plain = join(folder, `${name}.csv`);
  const file = existsSync(plain) ? createReadStream(plain) : createReadStream(`${plain}.gz`).pipe(createGunzip());
  let columns: string[] | undefined;
  for await (const line of createInterface({ input: file, crlfDelay: Infinity })) {
    const cells = line.replace('\uFEFF', '').split(',');
    if (columns) yield Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']));
    else columns = cells;
  }
}

export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

export const bucketings = ['day', 'week', 'month', 'quarter'] as const;
export type Bucketing = (typeof bucketings)[number];

/** The first day of the calendar's week (from Monday), month or quarter that a day lies in. */
export function bucketOf(day: string, bucketing: Bucketing): string {
  const [year, month] = [Number(day.slice(0, 4)), Number(day.slice(5, 7))];
  const first = (of: number): string => `${year}-${String(of).padStart(2, '0')}-01`;
  switch (bucketing) {
    case 'day':
      return day;
    case 'week':
      return dayAfter(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7));
    case 'month':
      return first(month);
    case 'quarter':
      return first(month - ((month - 1) % 3));
  }
}

export interface Count {
  sessions: number;
  readonly students: Set<string>;
}

/** Sessions and distinct students by any key. */
export class Counts {
  private readonly counts = new Map<string, Count>();

  add(key: string, { student }: Sitting): void {
    const count = this.counts.get(key) ?? { sessions: 0, students: new Set() };
    this.counts.set(key, count);
    count.sessions += 1;
    count.students.add(student);
  }

  get(key: string): { sessions: number; students: number } {
    const count = this.counts.get(key);
    return { sessions: count?.sessions ?? 0, students: count?.students.size ?? 0 };
  }

  keys(): string[] {
    return [...this.counts.keys()].sort();
  }
}
