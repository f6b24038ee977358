import type { MetricDefinition } from './metric-definition.js';

const states = (field: string): string[] => [`MessageStates.${field}`];

/** How far messages have come. */
export const messageMetrics: readonly MetricDefinition[] = [
  {
    id: 'messageRecipients',
    title: 'Recipients of a message',
    unit: 'count',
    meaning: 'How many people a message is for, as far as that is settled.',
    formula: 'people in its audience when that was settled',
    fields: ['MessageResponse.wanted', 'MessageDetail.wanted', 'MessagePreview.recipients'],
  },
  {
    id: 'messageQueued',
    title: 'Recipients still to come',
    unit: 'count',
    meaning: 'Recipients of a message who have not been dealt with yet.',
    formula: 'recipients − those it was sent to or withheld from',
    fields: ['MessageResponse.queued', 'MessageDetail.queued'],
  },
  {
    id: 'messageWithheld',
    title: 'Recipients left out',
    unit: 'count',
    meaning: 'Recipients who do not get a message: they had enough that day, have left, or it was recalled before.',
    formula: 'recipients dealt with − those it was sent to',
    fields: ['MessageResponse.withheld', 'MessageDetail.withheld'],
  },
  {
    id: 'messageSent',
    title: 'Recipients sent to',
    unit: 'count',
    meaning: 'Recipients that a message has been sent to.',
    formula: 'deliveries that have been sent',
    fields: states('sent'),
  },
  {
    id: 'messageDelivered',
    title: 'Recipients reached',
    unit: 'count',
    meaning: 'Recipients in whose mail box a message lies.',
    formula: 'deliveries that have arrived',
    fields: states('delivered'),
  },
  {
    id: 'messageOpened',
    title: 'Recipients who opened',
    unit: 'count',
    meaning: 'Recipients who have opened a message in the application.',
    formula: 'recipients with an instant of first opening',
    fields: states('openedInApp'),
  },
  {
    id: 'messageReminded',
    title: 'Recipients reminded',
    unit: 'count',
    meaning: 'Recipients who were reminded of a message.',
    formula: 'recipients with an instant of a reminder',
    fields: states('reminded'),
  },
  {
    id: 'withoutValue',
    title: 'Recipients without a value',
    unit: 'count',
    meaning: 'Recipients for whom a variable of a message stands for nothing.',
    formula: 'recipients − those with a value',
    fields: ['MissingValue.withoutValue'],
  },
  {
    id: 'unreadMessages',
    title: 'Unread messages',
    unit: 'count',
    meaning: 'Messages that one has not opened; what was recalled or has expired is none of them.',
    formula: 'messages received, never opened, neither recalled nor expired',
    fields: ['UnreadThreads.unreadMessages', 'ThreadResponse.unread'],
  },
  {
    id: 'unreadThreads',
    title: 'Unread conversations',
    unit: 'count',
    meaning: 'Conversations with an unread message in them.',
    formula: 'conversations with at least one unread message',
    fields: ['UnreadThreads.unreadThreads'],
  },
];
