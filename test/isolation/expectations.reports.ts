import { type Case, type Expectations, owned, type Sent, staff } from './expectation.js';
import type { Row } from './plan.js';

const may = [...staff, 'service'] as const;
const byPath = ({ id }: Row): Sent => ({ path: { id } });
const one = (use: Omit<Case, 'target' | 'reaches' | 'foreign'>): Case => ({
  target: 'report',
  send: byPath,
  reaches: owned,
  foreign: 404,
  ...use,
});
const roster = { kind: 'roster', format: 'csv' };

export const reports: Expectations = {
  reportsRequest: {
    may,
    cases: [
      { send: () => ({ body: roster }), own: 202 },
      {
        target: 'segment',
        send: ({ id }) => ({ body: { ...roster, filter: { segmentId: id } } }),
        own: 202,
        foreign: 404,
        reaches: owned,
      },
      {
        target: 'report',
        send: ({ id }) => ({ body: { ...roster, id } }),
        own: 202,
        foreign: ({ place }) => (['otherTenant', 'nowhere'].includes(place) ? 202 : [409, 'report_id_taken']),
        reaches: owned,
        spare: true,
        differs: 'an id that somebody of the tenant has used is taken; one from elsewhere is free',
      },
    ],
  },
  reportsList: { may, cases: [{ own: 200 }] },
  reportsGet: { may, cases: [one({ own: 200 })] },
  reportsCancel: { may, cases: [one({ own: 200, spare: true })] },
  reportsDownloadLink: { may, cases: [one({ own: [409, 'report_not_ready'] })] },
  // whoever comes without a link of one's own is nobody
  reportsFile: {
    may: 'everyone',
    cases: [
      {
        target: 'report',
        send: ({ id }) => ({ path: { id }, query: { ticket: 'x'.repeat(118) } }),
        own: [403, 'download_link_invalid'],
        foreign: [403, 'download_link_invalid'],
      },
    ],
  },
};
