import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** Some 20 MB each: what is drawn leaves ten times as much behind as what is written. */
export const collectedRows = { written: 4_000, drawn: 400 } as const;

/**
 * What rows leave behind when they are written, and V8 would let grow to several times of what lives: measured while
 * 200,000 rows were read, 68 MB lived and the process had 560 MB. Collecting takes about 100 ms.
 */
export class Garbage {
  private rows = 0;

  /** @param most rows between two collections */
  constructor(private readonly most: number = collectedRows.written) {}

  add(rows: number): void {
    this.rows += rows;
    if (this.rows < this.most) return;
    this.rows = 0;
    collect();
  }
}
