import { Problem } from '../http/problem.js';
import { isTimeZone } from '../org/local-day.js';
import { localTime } from '../reports/zoned-time.js';

/** Of what is to be sent later, and of what expires. */
const mostDays = 366;

export interface SendTime {
  readonly sendAt?: string;
  readonly sendOn?: string;
  readonly sendTime?: string;
  readonly timeZone?: string;
  readonly inRecipientsZone?: boolean;
}

/** What the clocks of the recipients are to show; null: nothing, undefined: of that nothing is said. */
export function sendLocalOf({ sendAt, sendOn, sendTime, inRecipientsZone }: SendTime): string | null | undefined {
  if (inRecipientsZone === true) return `${sendOn}T${sendTime}`;
  return sendAt === undefined && sendOn === undefined ? undefined : null;
}

/**
 * The instant that is meant, by the clock of the organisation where it is by those of the recipients; null: none is given.
 * @param zone of the organisation
 * @throws Problem 400 for half of one or two at once, 422 for what is over or too far ahead, and a zone that there is not
 */
export function sendTimeOf(time: SendTime, zone: string, now: Date): Date | null {
  const { sendAt, sendOn, sendTime, timeZone, inRecipientsZone = false } = time;
  const isLocal = sendOn !== undefined || sendTime !== undefined || timeZone !== undefined || inRecipientsZone;
  if (!isLocal && sendAt === undefined) return null;
  if ((isLocal && (sendOn === undefined || sendTime === undefined)) || (isLocal && sendAt !== undefined)) {
    const detail = 'give sendAt, or both of sendOn and sendTime';
    throw Problem.invalid([
      { pointer: sendOn === undefined ? '/sendOn' : '/sendTime', code: 'field_required', detail },
    ]);
  }
  if (inRecipientsZone && timeZone !== undefined) {
    const detail = 'give timeZone or inRecipientsZone';
    throw Problem.invalid([{ pointer: '/timeZone', code: 'field_forbidden', detail }]);
  }
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    throw Problem.unprocessable('time_zone_unknown', 'This is not the IANA name of a time zone.', '/timeZone');
  }
  const at = sendAt === undefined ? localTime(timeZone ?? zone, sendOn!, minutesOf(sendTime!)) : new Date(sendAt);
  refuseTime(at, now, sendAt === undefined ? '/sendOn' : '/sendAt');
  return at;
}

/** @throws Problem 422 unless it expires after it is sent */
export function refuseExpiry(expiresAt: Date | null, sendAt: Date | null, now: Date): void {
  if (expiresAt) refuseTime(expiresAt, sendAt ?? now, '/expiresAt');
}

function refuseTime(at: Date, after: Date, pointer: string): void {
  if (at <= after) throw Problem.unprocessable('time_over', 'This is over by then.', pointer);
  if (at.getTime() - after.getTime() <= mostDays * 86_400_000) return;
  throw Problem.unprocessable('time_too_far', `This is more than ${mostDays} days ahead.`, pointer);
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}
