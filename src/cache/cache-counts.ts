/** How it went with the values of one name since this process began. */
export interface CacheCount {
  /** The first word of their keys: `students.list`. */
  readonly name: string;
  readonly requests: number;
  /** Answered from this process's memory, or together with others by what one of them had produced. */
  readonly hits: number;
  /** Produced by another process and found in Redis. */
  readonly sharedHits: number;
  readonly misses: number;
  /** Produced because it could not be known whether what is kept is still true. */
  readonly bypasses: number;
  /** Of what was produced here. */
  readonly bytes: number;
}

export type Counted = { -readonly [K in Exclude<keyof CacheCount, 'name' | 'hits'>]: number };

export class CacheCounts {
  private readonly byName = new Map<string, Counted>();

  /** Counts a request. @returns what else is counted of it */
  of(key: string): Counted {
    const name = key.slice(0, key.indexOf(' '));
    let counted = this.byName.get(name);
    if (!counted) this.byName.set(name, (counted = { requests: 0, sharedHits: 0, misses: 0, bypasses: 0, bytes: 0 }));
    counted.requests += 1;
    return counted;
  }

  list(): CacheCount[] {
    return [...this.byName]
      .map(([name, counted]) => {
        const { requests, sharedHits, misses, bypasses } = counted;
        return { name, ...counted, hits: requests - sharedHits - misses - bypasses };
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}
