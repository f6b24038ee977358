/**
 * What follows from sums about few people. An unknown is what one person adds to a figure at one place (a day, a module,
 * an hour); who asks is taken to know who was where, and not what came of it. Told is only which unknowns each sum is of:
 * whatever their values are, a sum over some of them can be had exactly if it is a linear combination of those told.
 */
export interface Unknown {
  readonly person: string;
}

/** The largest below 2^26: products of two remainders are still exact in a double. */
const prime = 67_108_859;

/**
 * @param sums each the indices of what it adds up
 * @returns fewer than `smallest` people whose contributions, or a sum of these alone, can be worked out; null: nobody's
 */
export function foundOut(
  unknowns: readonly Unknown[],
  sums: readonly (readonly number[])[],
  smallest: number,
): string[] | null {
  const told = new Map(sums.filter((sum) => sum.length > 0).map((sum) => [[...sum].sort().join(), sum]));
  const rows = [...told.values()].map((sum) => {
    const row = new Array<number>(unknowns.length).fill(0);
    for (const index of sum) row[index]! += 1;
    return row;
  });
  for (const part of partsOf(reduced(rows))) {
    const people = [...new Set(part.columns.map((column) => unknowns[column]!.person))];
    if (people.length < smallest) return people;
    for (const few of choose(people, smallest - 1)) {
      const others = part.columns.filter((column) => !few.includes(unknowns[column]!.person));
      // a combination in which all others cancel out is left with these few
      if (reduced(part.rows.map((row) => others.map((column) => row[column]!))).length < part.rows.length) return few;
    }
  }
  return null;
}

/** The reduced row echelon form, without the rows that were combinations of others. */
function reduced(given: readonly (readonly number[])[]): number[][] {
  const rows = given.map((row) => [...row]);
  const width = rows[0]?.length ?? 0;
  let rank = 0;
  for (let column = 0; column < width && rank < rows.length; column++) {
    const found = rows.findIndex((row, index) => index >= rank && row[column] !== 0);
    if (found < 0) continue;
    const pivot = rows[found]!;
    rows[found] = rows[rank]!;
    rows[rank] = pivot;
    const factor = inverse(pivot[column]!);
    for (let i = column; i < width; i++) pivot[i] = (pivot[i]! * factor) % prime;
    for (const row of rows) {
      const times = row[column]!;
      if (row === pivot || times === 0) continue;
      for (let i = column; i < width; i++) row[i] = (row[i]! + (prime - times) * pivot[i]!) % prime;
    }
    rank += 1;
  }
  return rows.slice(0, rank);
}

/** By Fermat: to the power of the prime less two. */
function inverse(value: number): number {
  let [result, power] = [1, value % prime];
  for (let rest = prime - 2; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = (result * power) % prime;
    power = (power * power) % prime;
  }
  return result;
}

interface Part {
  readonly rows: number[][];
  readonly columns: number[];
}

/** Rows that have nothing to do with each other. */
function partsOf(rows: readonly number[][]): Part[] {
  const parts: { rows: number[][]; columns: Set<number> }[] = [];
  for (const row of rows) {
    const own = { rows: [row], columns: new Set(row.flatMap((value, column) => (value === 0 ? [] : [column]))) };
    for (const other of parts.filter(({ columns }) => [...columns].some((column) => own.columns.has(column)))) {
      own.rows.push(...other.rows);
      for (const column of other.columns) own.columns.add(column);
      parts.splice(parts.indexOf(other), 1);
    }
    parts.push(own);
  }
  return parts.map(({ rows: list, columns }) => ({ rows: list, columns: [...columns] }));
}

function* choose<T>(from: readonly T[], count: number): Generator<T[]> {
  if (count === 0) yield [];
  else {
    for (const [index, one] of from.entries()) {
      for (const rest of choose(from.slice(index + 1), count - 1)) yield [one, ...rest];
    }
  }
}
