import { addDays, localDay, startOfDay } from '../org/local-day.js';
import type { Digest } from './choices.js';
import { afterQuiet, nextDigest } from './due-times.js';
import { quietOf, type Recipient } from './recipient.js';

/** When things go to people, reckoned from one moment on; what is the same for many of them is reckoned once. */
export class Calendar {
  private readonly known = new Map<string, Date>();

  /** @param timeZone of those who have named none */
  constructor(
    private readonly now: Date,
    private readonly timeZone: string,
  ) {}

  /** Now, or as soon as it is no longer quiet. */
  soonest(recipient: Recipient, from: Date = this.now): Date {
    const zone = this.zoneOf(recipient);
    const { quietFrom, quietTo } = recipient;
    return this.reckon(['quiet', zone, quietFrom, quietTo, from.getTime()], () =>
      afterQuiet(zone, quietOf(recipient), from),
    );
  }

  digestAfter(recipient: Recipient, digest: Exclude<Digest, 'immediately'>, from: Date = this.now): Date {
    const zone = this.zoneOf(recipient);
    const at = this.reckon(['digest', zone, digest, from.getTime()], () => nextDigest(zone, from, digest));
    return this.soonest(recipient, at);
  }

  /** The person's own day in which an instant lies. */
  dayOf(recipient: Recipient, at: Date): { readonly from: Date; readonly to: Date } {
    const zone = this.zoneOf(recipient);
    const day = localDay(zone, at);
    const start = (of: string): Date => this.reckon(['day', zone, of], () => startOfDay(zone, of));
    return { from: start(day), to: start(addDays(day, 1)) };
  }

  private zoneOf({ timeZone }: Recipient): string {
    return timeZone ?? this.timeZone;
  }

  private reckon(key: readonly unknown[], work: () => Date): Date {
    const place = key.join(' ');
    let found = this.known.get(place);
    if (!found) this.known.set(place, (found = work()));
    return found;
  }
}
