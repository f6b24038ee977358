import { unzip } from '../workbook.js';
import type { Answer } from './caller.js';
import { markPattern } from './marks.js';
import { type Actor, type Row, type Sight, sightOf } from './plan.js';

export const idPattern = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g;
const encodedPattern = /[\w+/-]{16,}/g;
/** What can be searched as it is. Anything else must be unpacked here before an operation answers it. */
const readable = /^(text\/|application\/([\w.]+\+)?(json|xml|x-ndjson|jsonl|csv))/;

/** What of a row a text gives away, by what stands in it. */
interface Trace {
  readonly row: Row;
  readonly field: string;
  readonly sight: Sight;
}

/** Finds the rows of the fixture in whatever was answered: body, headers, and what is in base64 in either. */
export class Scan {
  /** Ids and marks of which an answer to somebody who may see them was seen. */
  readonly shown = new Set<string>();
  private readonly traces = new Map<string, Trace>();
  private known = 0;

  constructor(private readonly rows: readonly Row[]) {}

  /**
   * @param sent whatever the caller said: that it comes back tells nothing
   * @returns what the answer gives away of rows that are not this actor's to see
   */
  leaksOf(actor: Actor, sent: string, answer: Answer): string[] {
    this.learn();
    const type = answer.header('content-type');
    const body = type.includes('spreadsheetml') ? Buffer.concat([...unzip(answer.body).values()]) : answer.body;
    if (body === answer.body && body.length > 0 && !readable.test(type)) {
      return [`an answer that cannot be searched: ${type}`];
    }
    const said = new Set(tokensOf(sent));
    const leaks: string[] = [];
    for (const token of tokensOf(`${answer.head}\n${body.toString('latin1')}`)) {
      const trace = this.traces.get(token);
      if (!trace) continue;
      if (sightOf(actor, trace.row) >= trace.sight) this.shown.add(token);
      else if (!said.has(token)) leaks.push(`${trace.field} of ${trace.row.kind} of ${trace.row.place}`);
    }
    return [...new Set(leaks)];
  }

  /** What nobody was shown of rows that somebody may see; the scan would not notice if it leaked. */
  unseen(rows: readonly Row[], fields: Readonly<Partial<Record<Row['kind'], readonly string[]>>>): string[] {
    return [...this.traces]
      .filter(
        ([token, { row, field }]) => fields[row.kind]?.includes(field) && rows.includes(row) && !this.shown.has(token),
      )
      .map(([, { row, field }]) => `${field} of ${row.kind} of ${row.place}`);
  }

  /** Spare rows come later. */
  private learn(): void {
    for (; this.known < this.rows.length; this.known++) {
      const row = this.rows[this.known]!;
      const learn = (field: 'id' | 'name' | 'email' | 'pid' | 'code', sight: Sight): void => {
        for (const token of tokensOf(row[field])) this.traces.set(token, { row, field, sight });
      };
      learn('id', 1);
      learn('name', 2);
      learn('email', 3);
      learn('pid', 3);
      learn('code', 3);
    }
  }
}

function tokensOf(text: string): Set<string> {
  const lower = text.toLowerCase();
  const found = new Set([...(lower.match(idPattern) ?? []), ...(lower.match(markPattern) ?? [])]);
  for (const encoded of text.match(encodedPattern) ?? []) {
    const decoded = Buffer.from(encoded, 'base64').toString('latin1').toLowerCase();
    for (const pattern of [idPattern, markPattern]) for (const token of decoded.match(pattern) ?? []) found.add(token);
  }
  return found;
}
