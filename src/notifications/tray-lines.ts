import { addDays } from '../org/local-day.js';
import { longestBody, longestTitle, type NewNotification } from './notification.js';

/** Lines that a student's tray gets from automation on one local day; what is more goes into one further line. */
export const mostPerDay = 20;
/** Of the key of that line. */
export const overflowPrefix = 'more:';

/** Something that a person has not been told of yet, and how their tray stands. */
export interface Untold {
  readonly notification: NewNotification;
  readonly isStudent: boolean;
  /** Whether there is an unread line for it to go into. */
  readonly isOpen: boolean;
  /** Lines from automation that the tray got today, the further one left out. */
  readonly linesToday: number;
}

export type TrayLine = Required<NewNotification>;

/**
 * What is written to the trays: one line for each person and key, with the text of the last. A person's message and
 * whatever is urgent are not counted and always pass.
 */
export function linesOf(untold: readonly Untold[], today: string): TrayLine[] {
  const lines = new Map<string, TrayLine>();
  const added = new Map<string, number>();
  for (const { notification, isStudent, isOpen, linesToday } of untold) {
    let line = lineOf(notification);
    let place = `${line.userId} ${line.collapseKey}`;
    const isCounted = isStudent && line.type !== 'message_received' && line.priority !== 'urgent';
    if (isCounted && !isOpen && !lines.has(place)) {
      const count = added.get(line.userId) ?? linesToday;
      if (count < mostPerDay) added.set(line.userId, count + 1);
      else {
        line = overflow(line, today);
        place = `${line.userId} ${line.collapseKey}`;
      }
    }
    const before = lines.get(place);
    lines.set(place, before ? { ...line, count: before.count + line.count } : line);
  }
  return [...lines.values()];
}

export function keyOf({ collapseKey, cause }: NewNotification): string {
  return collapseKey ?? cause;
}

function lineOf(notification: NewNotification): TrayLine {
  const { title, body, count = 1 } = notification;
  const collapseKey = keyOf(notification);
  return { ...notification, title: cut(title, longestTitle), body: cut(body, longestBody), collapseKey, count };
}

function overflow(line: TrayLine, today: string): TrayLine {
  return {
    ...line,
    priority: 'low',
    title: 'More has happened today',
    body: `The last of it: ${line.title}`,
    actionUrl: null,
    collapseKey: overflowPrefix + today,
    expiresAt: new Date(`${addDays(today, 7)}T00:00:00Z`),
  };
}

/** As the API counts, and without half a character at the end. */
function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
