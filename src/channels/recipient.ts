import type { Reachable } from './channel.js';
import { type Choices, choicesOf, type ChoosingRole } from './choices.js';
import { minutesOf, type QuietMinutes } from './due-times.js';

/** Whom something goes to, and how they want it. */
export interface Recipient extends Reachable {
  readonly name: string;
  readonly role: ChoosingRole;
  readonly timeZone: string | null;
  readonly quietFrom: string | null;
  readonly quietTo: string | null;
  readonly choices: Partial<Choices> | null;
}

/** Of `users u left join preferences p`. */
export const recipientColumns = `u.id as "userId", u.name, u.email, u.phone, u.role,
  p.time_zone as "timeZone", p.quiet_from as "quietFrom", p.quiet_to as "quietTo", p.choices`;

export function chosenBy({ role, choices }: Recipient): Choices {
  return choicesOf(role, choices);
}

export function quietOf({ quietFrom, quietTo }: Recipient): QuietMinutes | null {
  return quietFrom === null || quietTo === null ? null : { from: minutesOf(quietFrom), to: minutesOf(quietTo) };
}
