import { defaults } from '../../src/channels/choices.js';
import { type Expectations, staff } from './expectation.js';

const people = ['student', ...staff] as const;
const preferences = {
  timeZone: null,
  quietFrom: null,
  quietTo: null,
  categories: defaults.student,
  mutedSenderIds: [] as string[],
  mutedThreadIds: [] as string[],
};

export const channels: Expectations = {
  preferencesGet: { may: people, cases: [{ own: 200 }] },
  preferencesChoose: {
    may: people,
    cases: [
      { send: () => ({ body: preferences }), own: 200 },
      // nobody has a conversation with these
      {
        target: 'admin',
        send: ({ id }) => ({ body: { ...preferences, mutedSenderIds: [id] } }),
        own: 422,
        foreign: 422,
      },
    ],
  },
};
