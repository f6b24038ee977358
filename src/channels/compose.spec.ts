import { compose } from './compose.js';
import { defaults } from './choices.js';
import type { Item } from './subjects.repository.js';

const delivery = {
  id: '0198f000-0000-7000-8000-000000000001',
  userId: '0198f000-0000-7000-8000-000000000002',
  priority: 'normal',
  attempts: 1,
  giveUpAt: '2026-03-03T10:00:00Z',
} as const;
const item: Item = {
  deliveryId: delivery.id,
  userId: delivery.userId,
  name: 'Bea Lee',
  email: 'bea@example.org',
  phone: null,
  role: 'instructor',
  timeZone: null,
  quietFrom: null,
  quietTo: null,
  choices: null,
  category: 'messages',
  subject: 'Hello {{firstName}}',
  body: '**{{firstName}}**',
  contentType: 'markdown',
  html: '<p><strong>{{firstName}}</strong></p>',
  values: { firstName: '<Bea>' },
  senderName: 'Ida <i>',
  path: '/messages/1',
  occurredAt: '2026-03-02T10:00:00Z',
  over: null,
};
const line: Item = {
  ...item, category: 'risk', subject: 'At risk: {{firstName}}', body: 'It is high now.', contentType: null, html: null,
  values: null, senderName: null, path: '/students/1',
}; // prettier-ignore
const origin = { tenantId: '0198f000-0000-7000-8000-000000000003', channel: 'email', appUrl: 'https://app' } as const;
const composed = (...items: Item[]) => compose(delivery, items, origin);

it('makes of a message what its reader is to see, and of its sender no markup', () => {
  expect(composed(item)).toEqual({
    id: delivery.id,
    tenantId: origin.tenantId,
    category: 'messages',
    priority: 'normal',
    to: { userId: delivery.userId, name: 'Bea Lee', email: 'bea@example.org', phone: null },
    subject: 'Hello <Bea>',
    text: 'Ida <i> wrote:\n\n<Bea>',
    html: '<p>Ida &lt;i&gt; wrote:</p><p><strong>&lt;Bea&gt;</strong></p>',
    actionUrl: 'https://app/messages/1',
    occurredAt: new Date('2026-03-02T10:00:00Z'),
  });
});

it('leaves the words of a notification as they are', () => {
  expect(composed(line)).toMatchObject({
    category: 'risk',
    subject: 'At risk: {{firstName}}',
    text: 'It is high now.',
    html: null,
    actionUrl: 'https://app/students/1',
  });
});

it('lists several things, the latest first', () => {
  expect(composed(item, { ...line, path: null, occurredAt: '2026-03-02T11:00:00Z' })).toMatchObject({
    category: 'risk',
    subject: '2 things to know',
    text: '- At risk: {{firstName}}\n- Hello <Bea>\n  https://app/messages/1',
    html: null,
    actionUrl: 'https://app/notifications',
    occurredAt: new Date('2026-03-02T11:00:00Z'),
  });
});

it('says why there is nothing to send', () => {
  const choices = { ...defaults.instructor, messages: { channels: [], digest: 'daily' } as const };
  expect(composed()).toBe('gone');
  expect(composed({ ...item, over: 'read' }, { ...item, over: 'recalled' })).toBe('recalled');
  expect(composed({ ...item, choices }, { ...item, over: 'read' })).toBe('turned_off');
  expect(composed({ ...item, choices }, line)).toMatchObject({ subject: line.subject });
});
