import type { JWTPayload } from 'jose';
import { isStorable } from '../http/body.js';
import type { IdentityProvider } from './identity-providers.repository.js';

/** What a token says of a person, read by the provider's mapping; undefined: nothing, or nothing of use. */
export interface ClaimedPerson {
  readonly subject: string;
  readonly role: 'student' | 'instructor' | 'admin' | undefined;
  readonly departmentCode: string | undefined;
  readonly name: string | undefined;
  /** Verified by the provider, in lower case. */
  readonly email: string | undefined;
  readonly pid: string | undefined;
}

const longestSubject = 255;

/** @returns null for a subject that is none: OpenID Connect Core 1.0, 2 bounds it to 255 characters */
export function readPerson(claims: JWTPayload, { claims: names, roles }: IdentityProvider): ClaimedPerson | null {
  const subject = textOf(claims, 'sub', longestSubject);
  if (subject === undefined) return null;
  const values = names.role === undefined ? [] : [claims[names.role]].flat();
  return {
    subject,
    role: roles.find(({ value }) => values.includes(value))?.role,
    departmentCode: textOf(claims, names.department, 200),
    name: textOf(claims, names.name, 200)?.trim(),
    email: claims.email_verified === true ? textOf(claims, names.email, 320)?.toLowerCase() : undefined,
    pid: textOf(claims, names.pid, 100),
  };
}

/** Text that can be stored, and is not too long. */
export function textOf(claims: JWTPayload, name: string | undefined, longest: number): string | undefined {
  const value = name !== undefined && Object.hasOwn(claims, name) ? claims[name] : undefined;
  const isText = typeof value === 'string' && value.trim() !== '' && value.length <= longest && isStorable(value);
  return isText ? value : undefined;
}
