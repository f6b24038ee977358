import { Injectable } from '@nestjs/common';
import { Problem } from '../http/problem.js';
import type { ReportKind, ReportKindName } from './report-kind.js';

/** The kinds of reports there are: those that the module lists. */
@Injectable()
export class ReportKinds {
  private readonly kinds: ReadonlyMap<ReportKindName, ReportKind>;

  /** @throws Error when two kinds have the same name */
  constructor(kinds: readonly ReportKind[]) {
    this.kinds = new Map(kinds.map((kind) => [kind.name, kind]));
    if (this.kinds.size < kinds.length) throw new Error('two kinds of reports have the same name');
  }

  /** @throws Problem 400 for a kind that there is not */
  get(name: ReportKindName): ReportKind {
    const kind = this.kinds.get(name);
    if (kind) return kind;
    const detail = `must be one of ${[...this.kinds.keys()].join(', ')}`;
    throw Problem.invalid([{ pointer: '/kind', code: 'value_invalid', detail }]);
  }
}
