import { randomBytes } from 'node:crypto';
import type { Row } from './plan.js';

/** Occurs nowhere else, and survives folding, sorting and being searched for. */
export const markPattern = /mk[0-9a-f]{12}mk/g;

export function marks(): Pick<Row, 'name' | 'email' | 'pid' | 'code'> {
  const mark = (): string => `mk${randomBytes(6).toString('hex')}mk`;
  return { name: mark(), email: `${mark()}@example.org`, pid: mark(), code: mark() };
}
