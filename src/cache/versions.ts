/** A write replaces the versions of its tags by ones that never were before; none ever comes back. */
export interface Versions {
  /** The versions of `tags` in one text; null while they cannot be known: then nothing may come from a cache. */
  read(tags: readonly string[]): Promise<string | null> | string | null;
  /** Gives `tags` new versions. Never throws: what was committed stays committed. */
  bump(tags: readonly string[]): Promise<void> | void;
}

/** Right as long as every writer and every reader is in this process. */
export class MemoryVersions implements Versions {
  private readonly versions = new Map<string, number>();
  private last = 0;

  constructor(private readonly maxTags = 100_000) {}

  read(tags: readonly string[]): string {
    return tags.map((tag) => this.versions.get(tag) ?? this.renew(tag)).join('.');
  }

  bump(tags: readonly string[]): void {
    for (const tag of tags) this.renew(tag);
  }

  private renew(tag: string): number {
    // forgetting is safe: a tag that is met again gets a version that never was, so no old value fits
    if (this.versions.size >= this.maxTags) this.versions.clear();
    this.last += 1;
    this.versions.set(tag, this.last);
    return this.last;
  }
}

/** Several processes and nothing they share: no version can be known. */
export const noVersions: Versions = { read: () => null, bump: () => undefined };
