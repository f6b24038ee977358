/** What can end a line, move a cursor, or turn the direction of text, and what can be no text at all. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu;

/** In this order: what is longer first. Every repetition is bounded, or ends with what it does not contain. */
const patterns: readonly (readonly [RegExp, string])[] = [
  // where to connect, and with which password
  [/\b((?:postgres(?:ql)?|redis|rediss|mysql|amqps?|smtps?|mongodb):\/\/)[^\s"'<>]+/gi, '$1…'],
  [/:\/\/[^\s/@"'<>]{1,256}@/g, '://'],
  [/\b(bearer|basic|digest)\s+[\w.~+/=:-]+/gi, '$1 …'],
  [/\b(password|passwd|pwd|secret|token|authorization|cookie|api[_-]?key)\b(["']?\s{0,3}[=:]\s{0,3})["']?[^\s"',;&]+/gi, '$1$2…'], // prettier-ignore
  [/([?&][\w.[\]-]{1,64}=)[^&\s"'#]+/g, '$1…'],
  [/(?<![\w-])eyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?/g, '…'],
  [/\bidk_\w+/g, '…'],
  // random ones; names in code of that length have no digits, or only small letters
  [/(?<![\w-])(?=[\w-]{0,256}\d)(?=[\w-]{0,256}[a-z])(?=[\w-]{0,256}[A-Z])[\w-]{32,}/g, '…'],
  [/(?<![\w-])[0-9a-f]{40,}(?![\w-])/gi, '…'],
  // of telephones: with a country's code, or with the nought before the area's
  [/(?<![\w.:-])(?:\+|00)\d[\d ()./-]{5,20}\d(?![\w-])/g, '…'],
  [/(?<![\w.:-])\(?0\d{1,4}\)?[ /-]?\d{2,4}[ -]?\d{3,}(?![\w:-])/g, '…'],
];
const secretKey = /pass(?:word|wd)|secret|token|authorization|cookie|api[-_]?key|^e-?mail$|^phone$/i;

/** Of one text, and of all that one line is about. */
const longestText = 2_000;
const longestLine = 16_000;
const deepest = 5;

/**
 * A text as it may stand in a log: without addresses, numbers of telephones, and what opens doors, and in one line whatever
 * it is made of.
 */
export function maskText(text: string): string {
  let masked = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
  for (const [pattern, instead] of patterns) masked = masked.replace(pattern, instead);
  return maskAddresses(masked).replace(unseen, (character) => {
    if (character === '\n') return '\\n';
    if (/\p{Surrogate}/u.test(character)) return '\ufffd';
    return `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`;
  });
}

const ofNoAddress = /[\s"'<>(),;:=[\]\\@]/;
const longestPart = 255;

/** By hand: an expression that begins with what stands before the sign begins anew at every letter. */
function maskAddresses(text: string): string {
  const [first = '', ...rest] = text.split(/(@|%40)/i);
  let masked = first;
  for (let next = 0; next < rest.length; next += 2) {
    const [sign, part] = [rest[next]!, rest[next + 1]!];
    let [before, after] = [0, 0];
    while (before < Math.min(masked.length, longestPart) && !ofNoAddress.test(masked.at(-before - 1)!)) before++;
    while (after < Math.min(part.length, longestPart) && !ofNoAddress.test(part[after]!)) after++;
    const isAddress = before > 0 && after > 0;
    masked = isAddress ? `${masked.slice(0, masked.length - before)}…@…${part.slice(after)}` : masked + sign + part;
  }
  return masked;
}

/** The same for whatever a line is about; what is too much of it is cut. */
export function maskFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const budget = { left: longestLine };
  return maskObject(fields, budget, 0);
}

interface Budget {
  left: number;
}

function maskObject(fields: object, budget: Budget, depth: number): Record<string, unknown> {
  const masked: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    budget.left -= key.length;
    if (budget.left <= 0) break;
    masked[maskText(key)] =
      typeof value === 'string' && secretKey.test(key) ? '…' : maskValue(value, budget, depth + 1);
  }
  return masked;
}

function maskValue(value: unknown, budget: Budget, depth: number): unknown {
  switch (typeof value) {
    case 'string': {
      const masked = maskText(value).slice(0, Math.max(0, budget.left));
      budget.left -= masked.length;
      return masked;
    }
    case 'number':
    case 'boolean':
      budget.left -= 8;
      return value;
    case 'bigint':
      return Number(value);
    case 'object':
      if (value === null) return null;
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
      if (depth > deepest || budget.left <= 0) return '…';
      if (!Array.isArray(value)) return maskObject(value, budget, depth);
      return value.slice(0, 50).map((item) => maskValue(item, budget, depth + 1));
    default:
      return undefined;
  }
}
