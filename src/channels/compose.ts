import { render } from '../messaging/template.js';
import type { ChannelName, Outgoing } from './channel.js';
import type { ClaimedDelivery } from './deliveries.repository.js';
import { chosenBy } from './recipient.js';
import type { Item } from './subjects.repository.js';

/** Things that a digest names; of the others it says how many they are. */
const mostLines = 20;
/** Things that a digest counts. */
export const mostItems = 200;

interface Origin {
  readonly tenantId: string;
  readonly channel: ChannelName;
  /** Of the application, without a slash at the end. */
  readonly appUrl: string;
}

/** @returns what is to be sent, or the reason why nothing is any more */
export function compose(
  { id, priority }: ClaimedDelivery,
  items: readonly Item[],
  { tenantId, channel, appUrl }: Origin,
): Outgoing | string {
  const left = items.filter(({ over }) => over === null);
  const wanted = left.filter((item) => chosenBy(item)[item.category].channels.includes(channel));
  const last = wanted.at(-1);
  if (!last) return left.length > 0 ? 'turned_off' : (items.at(-1)?.over ?? 'gone');
  const { userId, name, email, phone } = last;
  return {
    id,
    tenantId,
    category: last.category,
    priority,
    to: { userId, name, email, phone },
    ...(wanted.length === 1 ? single(last, appUrl) : digest(wanted, appUrl)),
    occurredAt: new Date(last.occurredAt),
  };
}

type Content = Pick<Outgoing, 'subject' | 'text' | 'html' | 'actionUrl'>;

function single(item: Item, appUrl: string): Content {
  const { body, contentType, values, senderName, path } = item;
  const text = contentType === null ? body : render(body, contentType, values);
  return {
    subject: titleOf(item),
    text: senderName === null ? text : `${senderName} wrote:\n\n${text}`,
    html: null,
    actionUrl: path === null ? null : appUrl + path,
  };
}

function digest(items: readonly Item[], appUrl: string): Content {
  const latest = [...items].reverse().slice(0, mostLines);
  const lines = latest.map((item) => [`- ${titleOf(item)}`, item.path && `  ${appUrl}${item.path}`]);
  const more = items.length - latest.length;
  return {
    subject: `${items.length} things to know`,
    text: [...lines.flat(), more > 0 && `and ${more} more`].filter(Boolean).join('\n'),
    html: null,
    actionUrl: `${appUrl}/notifications`,
  };
}

function titleOf({ subject, senderName, values }: Item): string {
  return senderName === null ? subject : render(subject, 'text', values);
}
