import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** Some 20 MB. */
const mostRows = 4_000;

/**
 * What rows leave behind when they are written, and V8 would let grow to several times of what lives: measured while
 * 200,000 rows were read, 68 MB lived and the process had 560 MB. Collecting takes about 100 ms.
 */
export class Garbage {
  private rows = 0;

  add(rows: number): void {
    this.rows += rows;
    if (this.rows < mostRows) return;
    this.rows = 0;
    collect();
  }
}
