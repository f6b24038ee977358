import type { Expectations } from './expectation.js';

export const audit: Expectations = {
  auditLogsList: { may: ['admin'], cases: [{ own: 200 }] },
  auditCheckpointsCheckpoint: { may: ['admin'], cases: [{ own: [404, 'seal_not_found'] }] },
  sealsVerify: { may: ['admin'], cases: [{ send: () => ({ body: {} }), own: 200 }] },
};
