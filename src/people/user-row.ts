import { isStorable } from '../http/body.js';
import { isDay } from '../http/fields.js';
import type { Cells, UserColumn } from './user-file.js';
import { emailPattern, phonePattern, type UserRole, userRoles } from './users.dto.js';

export interface RowError {
  readonly column: UserColumn;
  readonly code: string;
  readonly detail: string;
}

/** A row that can be understood. An empty cell, like a column that is not there, says nothing. */
export interface UserRow {
  /** From 1, the row below the names of the columns. */
  readonly row: number;
  readonly role: UserRole;
  readonly name: string;
  readonly email: string | undefined;
  readonly pid: string | undefined;
  readonly rank: string | undefined;
  readonly phone: string | undefined;
  /** A code. */
  readonly department: string | undefined;
  /** An address or a number. */
  readonly instructor: string | undefined;
  readonly joinedOn: string | undefined;
  readonly isActive: boolean | undefined;
}

const longest: Readonly<Partial<Record<UserColumn, number>>> = {
  name: 200,
  email: 320,
  pid: 100,
  rank: 100,
  department: 100,
  instructor: 320,
};

export function readRow(row: number, cells: Cells): UserRow | RowError[] {
  const errors: RowError[] = [];
  const text = (column: UserColumn, isValid: (value: string) => boolean, detail: string): string | undefined => {
    const value = cells[column];
    if (value === undefined || value === '') return undefined;
    const fits = value.length <= (longest[column] ?? 50) && isStorable(value) && isValid(value);
    if (!fits) errors.push({ column, code: 'value_invalid', detail });
    return value;
  };
  const plain = (column: UserColumn): string | undefined =>
    text(column, () => true, `must be text of at most ${longest[column]} characters`);
  const missing = (column: UserColumn, detail: string): void =>
    void errors.push({ column, code: 'value_missing', detail });

  const role = text('role', (value) => userRoles.includes(value as UserRole), `must be one of ${userRoles.join(', ')}`);
  if (role === undefined) missing('role', 'must be given');
  const name = plain('name');
  if (name === undefined) missing('name', 'must be given');
  const email = text('email', (value) => emailPattern.test(value), 'must be an e-mail address')?.toLowerCase();
  const pid = plain('pid');
  if (email === undefined && pid === undefined) missing('pid', 'must be given where there is no email');
  const isActive = text('isActive', (value) => /^(true|false)$/i.test(value), 'must be true or false');
  const read: UserRow = {
    row,
    role: role as UserRole,
    name: name!,
    email,
    pid,
    rank: plain('rank'),
    phone: text('phone', (value) => phonePattern.test(value), 'must be a number in the form of E.164, +441632960123'),
    department: plain('department'),
    instructor: plain('instructor'),
    joinedOn: text('joinedOn', isDay, 'must be a day, as in 2026-11-20'),
    isActive: isActive === undefined ? undefined : isActive.toLowerCase() === 'true',
  };
  return errors.length > 0 ? errors : read;
}

/** Of rows that name the same person every one after the first is at fault. */
export function findRepeated(rows: readonly UserRow[]): ReadonlyMap<number, RowError> {
  const repeated = new Map<number, RowError>();
  for (const column of ['pid', 'email'] as const) {
    const first = new Map<string, number>();
    for (const { row, [column]: value } of rows) {
      if (value === undefined) continue;
      const earlier = first.get(value);
      if (earlier === undefined) first.set(value, row);
      else repeated.set(row, { column, code: 'row_repeated', detail: `has the same ${column} as row ${earlier}` });
    }
  }
  return repeated;
}
