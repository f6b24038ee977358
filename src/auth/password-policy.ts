import type { FieldError } from '../http/problem.js';

/** Whose password it is to be; what is known of a person is the first that others try. */
export interface PasswordOwner {
  readonly name: string;
  readonly email: string | null;
  readonly tenantName: string;
  readonly tenantSlug: string;
}

const shortestPassword = 12;
const longestPassword = 256;
/** Characters that must be left when everything obvious is taken away. */
const leastUnobvious = 6;
const leastDifferent = 5;

/** What most guesses begin with. A password may contain them, if there is enough beside them. */
const obvious = [
  'administrator', 'password', 'passwort', 'passphrase', 'changeme', 'letmein', 'welcome', 'iloveyou', 'superman',
  'football', 'baseball', 'basketball', 'princess', 'sunshine', 'whatever', 'computer', 'internet', 'trustno', 'monkey',
  'dragon', 'master', 'shadow', 'secret', 'summer', 'winter', 'spring', 'autumn', 'monday', 'google', 'access', 'login',
  'admin', 'hello', 'qwertyuiop', 'qwertzuiop', 'azertyuiop', 'asdfghjkl', 'zxcvbnm', 'qwerty', 'qwertz', 'azerty',
  'asdfgh', 'qazwsx', 'test', 'pass', 'user',
]; // prettier-ignore
const lookalikes: Readonly<Record<string, string>> = { '@': 'a', '0': 'o', '1': 'i', '3': 'e', '5': 's', $: 's' };
const rows = ['0123456789', '9876543210', 'abcdefghijklmnopqrstuvwxyz', 'zyxwvutsrqponmlkjihgfedcba'];

/** Why somebody may not have this password; empty when they may. @param pointer where it stands in the body */
export function passwordProblems(password: string, owner: PasswordOwner, pointer: string): FieldError[] {
  const { length } = password;
  if (length < shortestPassword || length > longestPassword) {
    const detail = `must be ${shortestPassword} to ${longestPassword} characters`;
    return [{ pointer, code: 'password_length_wrong', detail }];
  }
  const plain = password.toLowerCase();
  const disguised = plain.replaceAll(/[@0135$]/g, (character) => lookalikes[character]!);
  const words = [...wordsOf(owner), ...obvious].sort((a, b) => b.length - a.length);
  const isEasy =
    new Set(plain).size < leastDifferent ||
    [plain, disguised].some((text) => unobviousIn(text, words) < leastUnobvious);
  return isEasy ? [{ pointer, code: 'password_too_easy', detail: 'is among the first that others would try' }] : [];
}

function wordsOf({ name, email, tenantName, tenantSlug }: PasswordOwner): string[] {
  return [name, email ?? '', tenantName, tenantSlug]
    .flatMap((text) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u))
    .filter((word) => word.length >= 3);
}

/** How many characters are left without these words, letters and digits in a row, and punctuation. */
function unobviousIn(text: string, words: readonly string[]): number {
  let rest = text;
  for (const word of words) rest = rest.replaceAll(word, ' ');
  rest = rest.replaceAll(/[^\p{L}\p{N}]+/gu, ' ');
  let count = 0;
  for (let at = 0; at < rest.length;) {
    const run = runAt(rest, at);
    if (run < 3 && rest[at] !== ' ') count++;
    at += run < 3 ? 1 : run;
  }
  return count;
}

/** The length of `345`, `cba` or `aaa` that begins here. */
function runAt(text: string, at: number): number {
  let longest = 1;
  while (text[at] !== ' ' && text[at + longest] === text[at]) longest++;
  for (const row of rows) {
    let length = 1;
    while (at + length < text.length && row.includes(text.slice(at, at + length + 1))) length++;
    longest = Math.max(longest, length);
  }
  return longest;
}
