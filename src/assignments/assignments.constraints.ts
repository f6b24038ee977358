import { declareConstraint } from '../http/problem.js';

const invalid = (constraint: string, pointer: string, detail: string): void =>
  declareConstraint(`assignments__${constraint}`, { status: 400, code: 'value_invalid', pointer, detail });

invalid('title_check', '/title', 'must not be empty');
invalid('range_check', '/availableUntil', 'must be later than availableFrom');
invalid('due_check', '/dueAt', 'must lie after availableFrom and not after availableUntil');
invalid('template_check', '/isTemplate', 'must be false where something is handed out');
invalid('shared_check', '/isShared', 'must be false where it is no template');

declareConstraint('assignment_modules__module_fkey', {
  status: 422,
  code: 'module_unknown',
  pointer: '/moduleIds',
  detail: 'There is no such module.',
});
declareConstraint('attempts__open_key', {
  status: 409,
  code: 'attempt_open',
  detail: 'Another attempt is open.',
});
declareConstraint('attempts__number_key', {
  status: 409,
  code: 'attempt_open',
  detail: 'Another attempt has been begun at the same time.',
});
declareConstraint('assignments__copied_from_fkey', {
  status: 409,
  code: 'assignment_copied',
  detail: 'It has been copied, and copies say from what; archive it.',
});

declareConstraint('accommodations__overlap_excl', {
  status: 409,
  code: 'accommodation_overlaps',
  pointer: '/validFrom',
  detail: 'The student has another accommodation in a part of that time.',
});
for (const [constraint, pointer, detail] of [
  ['range_check', '/validTo', 'must be later than validFrom'],
  ['effect_check', '/timeFactor', 'must be more than 1 where there are no extraDays'],
] as const) {
  declareConstraint(`accommodations__${constraint}`, { status: 400, code: 'value_invalid', pointer, detail });
}
