import { DatabaseUnavailable } from './errors.js';

interface Waiting<Item, Result> {
  readonly items: readonly Item[];
  readonly resolve: (results: Result[]) => void;
  readonly reject: (reason: unknown) => void;
}

interface Lane<Item, Result> {
  flying: number;
  boarding: boolean;
  readonly waiting: Waiting<Item, Result>[];
}

/**
 * Carries what waits together: what arrives in one turn of the event loop starts at once, and what arrives while that is
 * under way shares the next transaction. Nothing waits for a timer, so a lone request is as fast as without it, and fifty
 * writers cost two transactions instead of fifty.
 *
 * A transaction that fails is repeated for each of its requests alone, so that one cannot fail another; unless the
 * database does not answer, which is nobody's fault and hits them all.
 */
export class Flights<Item, Result> {
  private readonly lanes = new Map<string, Lane<Item, Result>>();

  constructor(
    /** Answers one result per item, in order. */
    private readonly run: (lane: string, items: readonly Item[]) => Promise<Result[]>,
    private readonly limits: { readonly flights: number; readonly items: number },
  ) {}

  /** @returns one result per item, in order; rejects with what `run` threw for these items alone */
  submit(key: string, items: readonly Item[]): Promise<Result[]> {
    return new Promise((resolve, reject) => {
      let lane = this.lanes.get(key);
      if (!lane) this.lanes.set(key, (lane = { flying: 0, boarding: false, waiting: [] }));
      lane.waiting.push({ items, resolve, reject });
      if (lane.boarding) return;
      lane.boarding = true;
      setImmediate(() => {
        lane.boarding = false;
        this.start(key, lane);
      });
    });
  }

  private start(key: string, lane: Lane<Item, Result>): void {
    while (lane.flying < this.limits.flights && lane.waiting.length > 0) {
      const aboard: Waiting<Item, Result>[] = [];
      let size = 0;
      while (lane.waiting.length > 0 && (size === 0 || size + lane.waiting[0]!.items.length <= this.limits.items)) {
        const next = lane.waiting.shift()!;
        aboard.push(next);
        size += next.items.length;
      }
      lane.flying++;
      void this.fly(key, aboard).finally(() => {
        lane.flying--;
        this.start(key, lane);
        if (lane.flying === 0 && !lane.boarding) this.lanes.delete(key);
      });
    }
  }

  private async fly(key: string, aboard: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.run(
        key,
        aboard.flatMap(({ items }) => items),
      );
      let taken = 0;
      for (const { items, resolve } of aboard) resolve(results.slice(taken, (taken += items.length)));
    } catch (error) {
      const splits = aboard.length > 1 && !(error instanceof DatabaseUnavailable);
      if (splits) for (const one of aboard) await this.fly(key, [one]);
      else for (const { reject } of aboard) reject(error);
    }
  }
}
