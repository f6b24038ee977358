import { declareConstraint } from '../http/problem.js';

declareConstraint('categories__code_key', {
  status: 409,
  code: 'code_taken',
  pointer: '/code',
  detail: 'Another category has this code.',
});
declareConstraint('modules__code_key', {
  status: 409,
  code: 'code_taken',
  pointer: '/code',
  detail: 'Another module has this code.',
});
declareConstraint('modules__category_fkey', {
  status: 422,
  code: 'category_unknown',
  pointer: '/categoryId',
  detail: 'There is no such category.',
});
