import { declareConstraint } from '../http/problem.js';

declareConstraint('legal_holds__person_fkey', {
  status: 422,
  code: 'user_unknown',
  pointer: '/personId',
  detail: 'There is no such person.',
});
