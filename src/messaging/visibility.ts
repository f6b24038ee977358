/**
 * What somebody gets to see of `message_recipients r join messages m`, as SQL. What was opened by the instant of the
 * recall is kept.
 */
export const isReceived = (user: string, now: string): string =>
  `(r.user_id = ${user} and (m.expires_at is null or m.expires_at > ${now})
    and (m.recalled_at is null or coalesce(r.first_opened_at <= m.recalled_at, false)))`;

/** Of what came to a person and what that person wrote: also what others no longer see of it. */
export const isVisible = (user: string, now: string): string => `(m.sender_id = ${user} or ${isReceived(user, now)})`;

export const isUnread = (user: string, now: string): string =>
  `(r.first_opened_at is null and ${isReceived(user, now)})`;
