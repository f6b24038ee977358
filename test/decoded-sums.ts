/** One student's practice of a module on a day; without an hour where no time of day is known. */
export interface Sitting {
  readonly student: number;
  readonly departmentId: string;
  readonly day: string;
  readonly module: number;
  readonly hour: number | null;
  readonly seconds: number;
  readonly score: number;
}

/** What belongs together, and what it adds up to. */
export interface Cell {
  readonly departmentId: string;
  readonly day: string;
  readonly module: number;
  /** Of the sittings. */
  readonly indices: readonly number[];
  readonly sums: Sums;
}

/** What is told of cells; undefined: not told. */
export interface Sums {
  readonly sessions: number;
  readonly seconds?: number;
  readonly scores?: number;
}

/** By department, day and module. */
export function cellsOf(sittings: readonly Sitting[]): Cell[] {
  const cells = new Map<string, Cell>();
  sittings.forEach(({ departmentId, day, module, seconds, score }, index) => {
    const key = `${departmentId} ${day} ${module}`;
    const own: Cell = { departmentId, day, module, indices: [index], sums: { sessions: 1, seconds, scores: score } };
    const before = cells.get(key);
    cells.set(key, before ? together([before, own]) : own);
  });
  return [...cells.values()];
}

/** Of a department's day, whatever was practised. */
export function wholeDays(cells: readonly Cell[]): Cell[] {
  const days = new Map<string, Cell>();
  for (const cell of cells) {
    const key = `${cell.departmentId} ${cell.day}`;
    const before = days.get(key);
    days.set(key, before ? together([before, cell]) : cell);
  }
  return [...days.values()];
}

/**
 * Which cells a sum is of: lengths and scores are random, so that hardly any others come to the same.
 * @returns undefined where others do
 * @throws Error where none do: then the answer is not a sum of whole cells at all
 */
export function cellsIn(candidates: readonly Cell[], told: Sums): Cell[] | undefined {
  const found: Cell[][] = [];
  for (let chosen = 0; chosen < 2 ** candidates.length; chosen++) {
    const some = candidates.filter((_, index) => (chosen >> index) % 2 === 1);
    const names = (['sessions', 'seconds', 'scores'] as const).filter((name) => told[name] !== undefined);
    if (names.every((name) => total(some, name) === told[name])) found.push(some);
  }
  if (found.length === 0) throw new Error(`${JSON.stringify(told)} is not a sum of ${JSON.stringify(candidates)}`);
  return found.length === 1 ? found[0] : undefined;
}

function together(cells: readonly [Cell, Cell]): Cell {
  const sums = { sessions: total(cells, 'sessions'), seconds: total(cells, 'seconds'), scores: total(cells, 'scores') };
  return { ...cells[0], indices: cells.flatMap(({ indices }) => indices), sums };
}

function total(cells: readonly Cell[], name: keyof Sums): number {
  return cells.reduce((sum, { sums }) => sum + (sums[name] ?? 0), 0);
}
