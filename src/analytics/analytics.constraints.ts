import { declareConstraint } from '../http/problem.js';

// sessions that have just gone to another module are added up within the minute
for (const table of ['module_days', 'question_days', 'student_modules']) {
  declareConstraint(`${table}__module_fkey`, {
    status: 409,
    code: 'module_in_use',
    detail: 'What was practised in it is still counted; retire it, or try again in a minute.',
  });
}
