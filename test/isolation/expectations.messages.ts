import { type Case, type Expectations, owned, type Sent, staff } from './expectation.js';
import { type Actor, isOfTenant, type Row, sightOf } from './plan.js';

const people = ['student', ...staff] as const;
const missing = [404, 'message_not_found'] as const;
const text = { subject: 'Hello', body: 'How are you?' };

const draft = (use: Omit<Case, 'target' | 'reaches' | 'foreign'>): Case => ({
  target: 'message',
  reaches: owned,
  foreign: missing,
  ...use,
});
const sent = (use: Omit<Case, 'target' | 'reaches' | 'foreign'>): Case => ({
  target: 'sentMessage',
  reaches: owned,
  foreign: missing,
  ...use,
});
const thread = (use: Omit<Case, 'target' | 'reaches' | 'foreign'>): Case => ({
  target: 'sentMessage',
  reaches: (actor, row) => owned(actor, row) || row.studentId === actor.viewer?.userId,
  foreign: [404, 'thread_not_found'],
  ...use,
});
const at = ({ id }: Row): Sent => ({ path: { id } });

/** Students write to their instructor, others to students whom they may see and to staff. */
const mayWriteTo = (actor: Actor, row: Row): boolean => {
  if (actor.viewer?.role === 'student') return row.kind === 'staff' && row.place === 'own' && row.id !== undefined;
  if (row.kind !== 'student') return isOfTenant(actor, row) && !owned(actor, row);
  return sightOf(actor, row) >= 2;
};
/** The preview names and sends nothing, but answers as the sending would. */
const audiences = (status: number): Case[] => [
  {
    target: 'student',
    send: ({ id }, fixture) => ({ body: { ...text, subject: fixture.fresh(), to: { userIds: [id] } } }),
    own: status,
    foreign: [422, 'recipient_not_found'],
    reaches: mayWriteTo,
  },
  {
    target: 'segment',
    send: ({ id }, fixture) => ({ body: { ...text, subject: fixture.fresh(), to: { segmentId: id } } }),
    own: status,
    foreign: (_, { viewer }) => (viewer?.role === 'student' ? [403, 'audience_denied'] : [404, 'segment_not_found']),
    reaches: owned,
  },
];

export const messages: Expectations = {
  messagesPreview: { may: people, cases: audiences(200) },
  messagesCreate: { may: people, cases: audiences(201) },
  messagesList: { may: people, cases: [{ own: 200 }] },
  messagesGet: { may: people, cases: [draft({ send: at, own: 200 }), sent({ send: at, own: 200 })] },
  messagesChange: {
    may: people,
    cases: [
      draft({
        send: (row, fixture) => ({ ...at(row), headers: { 'if-match': '"1"' }, body: { body: fixture.fresh() } }),
        own: 200,
        spare: true,
      }),
    ],
  },
  messagesSend: { may: people, cases: [draft({ send: (row) => ({ ...at(row), body: {} }), own: 200, spare: true })] },
  messagesCancel: { may: people, cases: [draft({ send: at, own: 200, spare: true })] },
  messagesRecall: { may: people, cases: [sent({ send: at, own: 200, spare: true })] },
  receiptsList: { may: people, cases: [sent({ send: at, own: 200 })] },
  receiptsRemind: { may: people, cases: [sent({ send: (row) => ({ ...at(row), body: {} }), own: 201, spare: true })] },
  threadsList: { may: people, cases: [{ own: 200 }] },
  threadsCountUnread: { may: people, cases: [{ own: 200 }] },
  threadsListMessages: { may: people, cases: [thread({ send: at, own: 200 })] },
  threadsChange: {
    may: people,
    cases: [
      thread({ send: (row, fixture) => ({ ...at(row), body: { labels: [fixture.fresh()] } }), own: 200, spare: true }),
    ],
  },
  threadsOpen: { may: people, cases: [thread({ send: at, own: 204, spare: true })] },
  threadsReply: {
    may: people,
    cases: [
      thread({ send: (row, fixture) => ({ ...at(row), body: { body: fixture.fresh() } }), own: 201, spare: true }),
    ],
  },
};
