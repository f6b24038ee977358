import { escapeHtml } from '../messaging/template.js';

/** Shorter ones, and short numbers, stand in texts that are about something else. */
const shortest = 4;
const shortestNumber = 6;

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&').replace(/\s+/g, '\\s+');
/** And no key of an object. */
const alone = (alternatives: readonly string[]): string =>
  `(?<![[:alnum:]])(?:${alternatives.join('|')})(?![[:alnum:]]|":)`;
/** As they stand in text, in HTML, in JSON and in addresses. */
const written = (text: string): string[] => [
  text,
  escapeHtml(text),
  JSON.stringify(text).slice(1, -1),
  encodeURIComponent(text),
];

/**
 * A regular expression of PostgreSQL that finds these names, addresses and numbers as words of their own.
 * @returns null where there is nothing that can be looked for
 */
export function patternOf(sought: readonly string[]): string | null {
  const wanted = sought.map((text) => text.trim()).filter(canBeSought);
  const alternatives = [...new Set(wanted.flatMap(written))].sort((a, b) => b.length - a.length).map(escaped);
  return alternatives.length === 0 ? null : alone(alternatives);
}

/** The same of the single words of names; for texts that were written to that person alone. */
export function wordPatternOf(sought: readonly string[]): string | null {
  const words = sought.filter((text) => !text.includes('@')).flatMap((text) => text.split(/\s+/));
  const wanted = words.filter((word) => word.length >= 3 && /^\p{L}[\p{L}'’-]+$/u.test(word));
  const alternatives = [...new Set(wanted.flatMap(written))].sort((a, b) => b.length - a.length).map(escaped);
  const whole = patternOf(sought);
  if (alternatives.length === 0) return whole;
  return whole === null ? alone(alternatives) : `${whole}|${alone(alternatives)}`;
}

function canBeSought(text: string): boolean {
  return text.length >= (/^\d+$/.test(text) ? shortestNumber : shortest);
}
