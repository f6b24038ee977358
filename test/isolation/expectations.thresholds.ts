import { type Case, type Expectations, staff } from './expectation.js';
import { type Actor, isOfTenant, isWithin, type Row } from './plan.js';

const byPath: Case['send'] = ({ id }) => ({ path: { id } });
/** Above the score that every student has: whoever is within reach is listed. */
const wanted = { riskThreshold: 95, topPerformerThreshold: 85 };
const saying: Case['send'] = ({ id }) => ({ path: { id }, body: wanted });

/** A supervisor those of the department and below, an administrator any; whoever teaches their own. */
const mayChange = (actor: Actor, row: Row): boolean =>
  isOfTenant(actor, row) &&
  (actor.role === 'admin' ||
    (actor.role === 'supervisor' && isWithin(row.place, 'own')) ||
    (row.kind === 'staff' && row.id === actor.viewer?.userId));

const seen = (target: 'department' | 'staff'): Case => ({ target, send: byPath, own: 200, foreign: 404 });
const ruled = (target: 'department' | 'staff', send: Case['send']): Case => ({
  target,
  send,
  own: 200,
  foreign: 404,
  reaches: mayChange,
});

export const thresholds: Expectations = {
  thresholdsGetTenant: { may: staff, cases: [{ own: 200 }] },
  thresholdsReplaceTenant: { may: ['admin'], cases: [{ send: () => ({ body: wanted }), own: 200 }] },
  thresholdsListTenantChanges: { may: ['admin'], cases: [{ own: 200 }] },
  thresholdPreviewTenant: { may: ['admin'], cases: [{ send: () => ({ body: wanted }), own: 200 }] },
  thresholdsGetDepartment: { may: staff, cases: [seen('department')] },
  thresholdsReplaceDepartment: { may: staff, cases: [ruled('department', saying)] },
  thresholdsListDepartmentChanges: { may: staff, cases: [ruled('department', byPath)] },
  thresholdPreviewDepartment: { may: staff, cases: [ruled('department', saying)] },
  thresholdsGetInstructor: { may: staff, cases: [seen('staff')] },
  thresholdsReplaceInstructor: { may: staff, cases: [ruled('staff', saying)] },
  thresholdsListInstructorChanges: { may: staff, cases: [ruled('staff', byPath)] },
  thresholdPreviewInstructor: { may: staff, cases: [ruled('staff', saying)] },
};
