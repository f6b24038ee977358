import type { CsvFormat, CsvRow } from '../http/csv-file.js';

export const userColumns = [
  'role', 'name', 'email', 'pid', 'rank', 'phone', 'department', 'instructor', 'joinedOn', 'isActive',
] as const; // prettier-ignore
export type UserColumn = (typeof userColumns)[number];

export type Cells = CsvRow<UserColumn>;

/** A file of people, who are known by number or address. */
export const userFile: CsvFormat<UserColumn> = {
  columns: userColumns,
  required: ['role', 'name'],
  keys: ['pid', 'email'],
  maxBytes: 8_388_608,
  maxRows: 20_000,
};
