const formats = new Map<string, Intl.DateTimeFormat>();

/** The local day, `YYYY-MM-DD`, that it is at an instant in an IANA time zone. @throws RangeError for an unknown zone */
export function localDay(timeZone: string, instant: Date): string {
  let format = formats.get(timeZone);
  if (!format) {
    // the one locale whose dates are ISO 8601
    format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
    formats.set(timeZone, format);
  }
  return format.format(instant);
}

/** `days` after (or, negative, before) a `YYYY-MM-DD` day. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}
