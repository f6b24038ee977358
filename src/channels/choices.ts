import { categories, type Category, type ChannelName } from './channel.js';

export const digests = ['immediately', 'daily', 'weekly'] as const;
export type Digest = (typeof digests)[number];

export interface Choice {
  /** Beside the application, which is always one. */
  readonly channels: readonly ChannelName[];
  readonly digest: Digest;
}

export type Choices = Readonly<Record<Category, Choice>>;

/** As `users` has them: supervisors are instructors. */
export type ChoosingRole = 'student' | 'instructor' | 'admin';

const never: Choice = { channels: [], digest: 'immediately' };
const now: Choice = { channels: ['email', 'webhook'], digest: 'immediately' };
const daily: Choice = { channels: ['email', 'webhook'], digest: 'daily' };

/**
 * What whoever has said nothing gets: what others write to them at once, what a program has found out once a day, and no
 * text messages, which cost money.
 */
export const defaults: Readonly<Record<ChoosingRole, Choices>> = {
  student: { messages: now, assignments: daily, risk: never, progress: never, reports: now, system: never },
  instructor: { messages: now, assignments: daily, risk: daily, progress: never, reports: now, system: daily },
  admin: { messages: now, assignments: never, risk: never, progress: never, reports: now, system: daily },
};

/** A category that came later than what was chosen is as for all others. */
export function choicesOf(role: ChoosingRole, chosen: Partial<Choices> | null): Choices {
  return { ...defaults[role], ...chosen };
}

export function without(choices: Choices, category: Category, channel: ChannelName): Choices {
  const { channels, digest } = choices[category];
  return { ...choices, [category]: { channels: channels.filter((name) => name !== channel), digest } };
}

/** Each channel once, and the categories that there are. */
export function tidy(choices: Choices): Choices {
  const tidied = categories.map((category) => {
    const { channels, digest } = choices[category];
    return [category, { channels: [...new Set(channels)].sort(), digest }];
  });
  return Object.fromEntries(tidied) as Choices;
}
