import type { MetricDefinition } from './metric-definition.js';

/** What goes to people by other channels than the application. */
export const channelMetrics: readonly MetricDefinition[] = [
  {
    id: 'deliveryAttempts',
    title: 'Attempts of a delivery',
    unit: 'count',
    meaning: 'How often a delivery has been tried since it was queued, or sent again, last.',
    formula: 'attempts at which the other side was asked, and the one under way',
    fields: ['OutgoingDeliveryResponse.attempts'],
  },
  {
    id: 'deliveriesReplayed',
    title: 'Deliveries sent again',
    unit: 'count',
    meaning: 'Failed deliveries of a channel that a request has put back into the queue.',
    formula: 'failed deliveries since an instant, up to 1,000',
    fields: ['ReplayedDeliveries.replayed'],
  },
];
