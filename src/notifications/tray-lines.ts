import { addDays } from '../org/local-day.js';
import { longestBody, longestTitle, type NewNotification } from './notification.js';

/** Urgent lines that a tray gets on one local day, where there is a line of a crowd for what is more. */
export const mostUrgentPerDay = 5;
/** Of the key of the further line. */
export const overflowPrefix = 'more:';

/** Something that a person has not been told of yet, and how their tray stands. */
export interface Untold {
  readonly notification: NewNotification;
  /** By key: of how much the unread lines tell that it might go into. */
  readonly open: ReadonlyMap<string, number>;
  /** Lines from automation that the tray got today, the further one left out. */
  readonly linesToday: number;
  readonly urgentToday: number;
}

export type TrayLine = Required<Omit<NewNotification, 'ofSeveral' | 'crowdKey'>>;
type Line = TrayLine & Pick<NewNotification, 'ofSeveral' | 'crowdKey'>;

export interface TrayDay {
  /** The local one. */
  readonly today: string;
  /** Lines that a tray gets from automation on it, urgent ones not counted; what is more goes into one further line. */
  readonly mostPerDay: number;
}

/**
 * What is written to the trays: one line for each person and key, with the text of the last. A person's message is not
 * counted and always passes, and so does what is urgent unless it has a crowd to go into.
 */
export function linesOf(untold: readonly Untold[], { today, mostPerDay }: TrayDay): TrayLine[] {
  const lines = new Map<string, Line>();
  const added = new Map<string, number>();
  const opened = new Map<string, number>();
  /** Whether there is a line for it, or may be one more. */
  const hasRoom = ({ userId, collapseKey, priority }: Line, { open, linesToday, urgentToday }: Untold): boolean => {
    if (open.has(collapseKey) || lines.has(`${userId} ${collapseKey}`)) return true;
    const isUrgent = priority === 'urgent';
    const kind = `${userId} ${isUrgent}`;
    const count = added.get(kind) ?? (isUrgent ? urgentToday : linesToday);
    if (count >= (isUrgent ? mostUrgentPerDay : mostPerDay)) return false;
    added.set(kind, count + 1);
    return true;
  };
  for (const one of untold) {
    let line = lineOf(one.notification);
    const { crowdKey } = line;
    if (line.priority === 'urgent' && crowdKey !== undefined && !hasRoom(line, one)) {
      line = { ...line, priority: 'high', collapseKey: crowdKey };
    }
    const isCounted = line.type !== 'message_received' && line.priority !== 'urgent';
    if (isCounted && !hasRoom(line, one)) line = overflow(line, today);
    const place = `${line.userId} ${line.collapseKey}`;
    opened.set(place, one.open.get(line.collapseKey) ?? 0);
    const before = lines.get(place);
    lines.set(place, before ? { ...line, count: before.count + line.count } : line);
  }
  return [...lines].map(([place, { ofSeveral, crowdKey: _, ...line }]) => {
    const count = opened.get(place)! + line.count;
    return ofSeveral && count > 1 ? cutTexts({ ...line, ...ofSeveral(count) }) : line;
  });
}

export function keyOf({ collapseKey, cause }: NewNotification): string {
  return collapseKey ?? cause;
}

function lineOf(notification: NewNotification): Line {
  const { count = 1 } = notification;
  return cutTexts({ ...notification, collapseKey: keyOf(notification), count });
}

function cutTexts<T extends Pick<TrayLine, 'title' | 'body'>>(line: T): T {
  return { ...line, title: cut(line.title, longestTitle), body: cut(line.body, longestBody) };
}

function overflow({ ofSeveral: _, ...line }: Line, today: string): Line {
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
