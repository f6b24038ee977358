const formats = new Map<string, Intl.DateTimeFormat>();

/** What a clock on the wall shows at an instant, read as if it were UTC; both in milliseconds. */
function shown(timeZone: string, instant: number): number {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
    formats.set(timeZone, format);
  }
  return Date.parse(`${format.format(instant).replace(' ', 'T')}Z`);
}

/**
 * The instant, in milliseconds, at which clocks in an IANA time zone show `time` (`HH:MM:SS`) on a local day. What they
 * skip in spring lies as much later, and of what they show twice in autumn it is one of the two.
 */
export function instantOf(timeZone: string, day: string, time: string): number {
  const wanted = Date.parse(`${day}T${time}Z`);
  const guess = wanted - (shown(timeZone, wanted) - wanted);
  return wanted - (shown(timeZone, guess) - guess);
}
