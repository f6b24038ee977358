import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/**
 * Collects now what V8 would let grow to several times of what lives: measured while 200,000 rows were read, 68 MB
 * lived and the process had 560 MB. Takes about 100 ms.
 */
export const collectGarbage = runInNewContext('gc') as () => void;
