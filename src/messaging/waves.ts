import { localTime } from '../reports/zoned-time.js';

/** Recipients whose clocks reach the time together: those after the wave before, up to this position. */
export interface Wave {
  readonly at: string;
  readonly upTo: number;
}

export interface PeopleInZone {
  readonly timeZone: string;
  readonly userIds: readonly string[];
}

/** The instant at which a clock in a zone first shows a time, `2026-03-09T07:30`; where it is skipped, that of the leap. */
export function instantOf(timeZone: string, sendLocal: string): Date {
  const [day, time] = sendLocal.split('T') as [string, string];
  return localTime(timeZone, day, Number(time.slice(0, 2)) * 60 + Number(time.slice(3)));
}

/** People in the order in which their clocks reach a time, then of their ids. */
export function wavesOf(zones: readonly PeopleInZone[], sendLocal: string): { userIds: string[]; waves: Wave[] } {
  const together = new Map<string, string[]>();
  for (const { timeZone, userIds } of zones) {
    const at = instantOf(timeZone, sendLocal).toISOString();
    together.set(at, [...(together.get(at) ?? []), ...userIds]);
  }
  const userIds: string[] = [];
  const waves: Wave[] = [];
  for (const at of [...together.keys()].sort()) {
    for (const id of together.get(at)!.sort()) userIds.push(id);
    waves.push({ at, upTo: userIds.length });
  }
  return { userIds, waves };
}

/** Up to which position they are due. */
export function dueUpTo(waves: readonly Wave[], now: Date): number {
  return waves.findLast(({ at }) => new Date(at) <= now)?.upTo ?? 0;
}
