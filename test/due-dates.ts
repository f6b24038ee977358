import type { Database } from '../src/database/database.js';

/**
 * When work is due, worked out once more from the definition alone, by the clocks of `Intl` and not those of the
 * database. Instants are milliseconds since 1970.
 */
export interface DueInput {
  readonly timeZone: string;
  readonly dueAt: number | null;
  readonly availableFrom: number | null;
  readonly assignedAt: number;
  readonly extendedUntil: number | null;
  readonly accommodations: readonly {
    readonly timeFactor: number;
    readonly extraDays: number;
    readonly validFrom: number;
    readonly validTo: number | null;
  }[];
}

export interface Due {
  readonly at: number | null;
  readonly rule: 'assignment' | 'accommodation' | 'extension' | null;
}

const day = 86_400_000;

export function recomputeDue(input: DueInput): Due {
  const { timeZone, dueAt, availableFrom, assignedAt, extendedUntil } = input;
  if (dueAt === null) return { at: null, rule: null };
  const candidates: { at: number; rule: Due['rule'] }[] = [{ at: dueAt, rule: 'assignment' }];
  const own = input.accommodations.find(
    ({ validFrom, validTo }) => validFrom <= assignedAt && (validTo === null || assignedAt < validTo),
  );
  if (own) {
    const begins = Math.max(assignedAt, availableFrom ?? assignedAt);
    const lengthened = Math.max(dueAt, Math.round(begins + own.timeFactor * (dueAt - begins)));
    const at = own.extraDays === 0 ? lengthened : laterByDays(timeZone, lengthened, own.extraDays);
    candidates.push({ at, rule: 'accommodation' });
  }
  if (extendedUntil !== null) candidates.push({ at: extendedUntil, rule: 'extension' });
  const latest = Math.max(...candidates.map(({ at }) => at));
  return candidates.find(({ at }) => at === latest)!;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What a clock on the wall shows, read as if it were in UTC. */
function wallClock(timeZone: string, at: number): number {
  let format = formats.get(timeZone);
  if (!format) {
    const numeric = 'numeric' as const;
    const parts = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric };
    formats.set(timeZone, (format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...parts })));
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const second = Math.floor(at / 1_000) * 1_000;
  const shown = Date.UTC(parts.year!, parts.month! - 1, parts.day!, parts.hour!, parts.minute!, parts.second!);
  return shown + (at - second);
}

/** The same time on the wall, days later: the second of two, and where it is skipped as long after the leap. */
function laterByDays(timeZone: string, at: number, days: number): number {
  const wanted = wallClock(timeZone, at) + days * day;
  const offsets = [wanted - day, wanted + day].map((near) => wallClock(timeZone, near) - near);
  const shown = offsets.map((offset) => wanted - offset).filter((one) => wallClock(timeZone, one) === wanted);
  return shown.length > 0 ? Math.max(...shown) : wanted - offsets[0]!;
}

interface StoredRow extends DueInput {
  readonly assignmentId: string;
  readonly studentId: string;
  readonly at: number | null;
  readonly rule: Due['rule'];
}

const epoch = (column: string): string => `(extract(epoch from ${column}) * 1000)::double precision`;

/** Compares what is stored of every submission of a tenant with what it should be. @returns how many there are */
export async function expectDueDates(database: Database, tenantId: string): Promise<number> {
  const rows = await database.many<StoredRow>(
    `-- test.dueDates
    select s.assignment_id as "assignmentId", s.student_id as "studentId", t.time_zone as "timeZone",
      ${epoch('s.effective_due_at')} as at, s.due_rule as rule, ${epoch('a.due_at')} as "dueAt",
      ${epoch('a.available_from')} as "availableFrom", ${epoch('s.assigned_at')} as "assignedAt",
      ${epoch('s.extended_until')} as "extendedUntil", (
        select coalesce(json_agg(json_build_object('timeFactor', c.time_factor, 'extraDays', c.extra_days,
          'validFrom', ${epoch('c.valid_from')}, 'validTo', ${epoch('c.valid_to')})), '[]')
        from accommodations c where c.tenant_id = $1 and c.student_id = s.student_id
      ) as accommodations
    from submissions s
    join assignments a on a.tenant_id = $1 and a.id = s.assignment_id
    join tenants t on t.id = $1
    where s.tenant_id = $1`,
    [tenantId],
  );
  const stored = rows.map(({ assignmentId, studentId, at, rule }) => ({ assignmentId, studentId, at, rule }));
  const due = rows.map((row) => ({ assignmentId: row.assignmentId, studentId: row.studentId, ...recomputeDue(row) }));
  expect(stored).toEqual(due);
  return rows.length;
}
