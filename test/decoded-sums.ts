/** One student's practice of a module on a day; without an hour where no time of day is known. */
export interface Sitting {
  readonly student: number;
  readonly departmentId: string;
  readonly day: string;
  readonly module: number;
  readonly hour: number | null;
  readonly seconds: number;
}

/** What belongs together, and what it adds up to. */
export interface Cell {
  readonly departmentId: string;
  readonly day: string;
  readonly module: number;
  /** Of the sittings. */
  readonly indices: readonly number[];
  readonly sessions: number;
  readonly seconds: number;
}

/** By department, day and module. */
export function cellsOf(sittings: readonly Sitting[]): Cell[] {
  const cells = new Map<string, Cell>();
  sittings.forEach(({ departmentId, day, module, seconds }, index) => {
    const key = `${departmentId} ${day} ${module}`;
    const { indices, ...sums } = cells.get(key) ?? { indices: [], sessions: 0, seconds: 0 };
    cells.set(key, {
      departmentId,
      day,
      module,
      indices: [...indices, index],
      sessions: sums.sessions + 1,
      seconds: sums.seconds + seconds,
    });
  });
  return [...cells.values()];
}

/**
 * Which cells a sum is of: lengths are random, so that only those come to the same.
 * @throws Error where no cells do: then the answer is not a sum of whole cells at all
 */
export function sumsIn(candidates: readonly Cell[], sum: { sessions: number; seconds: number }): Cell[] {
  for (let chosen = 0; chosen < 2 ** candidates.length; chosen++) {
    const some = candidates.filter((_, index) => (chosen >> index) % 2 === 1);
    const total = (name: 'sessions' | 'seconds'): number => some.reduce((of, cell) => of + cell[name], 0);
    if (total('sessions') === sum.sessions && total('seconds') === sum.seconds) return some;
  }
  throw new Error(`${JSON.stringify(sum)} is not a sum of ${JSON.stringify(candidates)}`);
}
