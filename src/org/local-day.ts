interface Zone {
  readonly format: Intl.DateTimeFormat;
  minute: number;
  day: string;
}

const zones = new Map<string, Zone>();

/** The local day, `YYYY-MM-DD`, that it is at an instant in an IANA time zone. @throws RangeError for an unknown zone */
export function localDay(timeZone: string, instant: Date): string {
  let zone = zones.get(timeZone);
  if (!zone) {
    // the one locale whose dates are ISO 8601
    const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
    zones.set(timeZone, (zone = { format, minute: NaN, day: '' }));
  }
  // days begin on whole minutes everywhere, and every request asks for the present one
  const minute = Math.floor(instant.getTime() / 60_000);
  if (minute !== zone.minute) {
    zone.minute = minute;
    zone.day = zone.format.format(instant);
  }
  return zone.day;
}

/** The first instant of a local day; where clocks skip or repeat midnight, the first one that lies on the day. */
export function startOfDay(timeZone: string, day: string): Date {
  const minute = 60_000;
  // offsets lie between -12 and +14 hours
  let before = Date.parse(`${day}T00:00:00Z`) - 15 * 60 * minute;
  let within = before + 28 * 60 * minute;
  while (within - before > minute) {
    const middle = before + Math.floor((within - before) / 2 / minute) * minute;
    if (localDay(timeZone, new Date(middle)) < day) before = middle;
    else within = middle;
  }
  return new Date(within);
}

/** `days` after (or, negative, before) a `YYYY-MM-DD` day. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** From one `YYYY-MM-DD` day to another. */
export function daysBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 86_400_000;
}

/**
 * Whether this is the IANA name of a time zone, such as Europe/London. Offsets are none: they change, and for PostgreSQL
 * `+05:00` lies west of Greenwich.
 */
export function isTimeZone(name: string): boolean {
  try {
    return /^[A-Za-z]/.test(name) && localDay(name, new Date(0)) !== '';
  } catch {
    return false;
  }
}
