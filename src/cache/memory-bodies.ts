import { JsonBytes } from '../http/answer.js';

interface Held {
  readonly value: JsonBytes;
  readonly expiresAt: number;
  readonly bytes: number;
}

/** Values in this process, bounded in number and size; the one not used for longest goes first. */
export class MemoryBodies {
  // a Map keeps the order of insertion, and a hit is inserted again: the first key is the oldest
  private readonly held = new Map<string, Held>();
  private bytes = 0;

  constructor(
    private readonly maxEntries: number,
    private readonly maxBytes: number,
  ) {}

  get size(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.held.size, bytes: this.bytes };
  }

  /** @param now milliseconds since the epoch, as is `expiresAt` */
  get(key: string, now: number): JsonBytes | undefined {
    const entry = this.held.get(key);
    if (!entry) return undefined;
    if (entry.expiresAt <= now) {
      this.remove(key, entry);
      return undefined;
    }
    this.held.delete(key);
    this.held.set(key, entry);
    return entry.value;
  }

  set(key: string, value: JsonBytes, expiresAt: number): void {
    const before = this.held.get(key);
    if (before) this.remove(key, before);
    const bytes = value.body.length + 2 * key.length;
    // one huge answer is not worth all the others
    if (bytes > this.maxBytes / 8) return;
    this.held.set(key, { value, expiresAt, bytes });
    this.bytes += bytes;
    for (const [oldest, entry] of this.held) {
      if (this.held.size <= this.maxEntries && this.bytes <= this.maxBytes) break;
      this.remove(oldest, entry);
    }
  }

  clear(): void {
    this.held.clear();
    this.bytes = 0;
  }

  private remove(key: string, entry: Held): void {
    this.held.delete(key);
    this.bytes -= entry.bytes;
  }
}
