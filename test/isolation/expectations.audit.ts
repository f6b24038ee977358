import type { Expectations } from './expectation.js';

export const audit: Expectations = {
  auditLogsList: { may: ['admin'], cases: [{ own: 200 }] },
  sealsVerify: { may: ['admin'], cases: [{ send: () => ({ body: {} }), own: 200 }] },
};
