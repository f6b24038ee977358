import { declareConstraint } from '../http/problem.js';

const percentage = 'must be a number from 0 to 100';
const conflict = (constraint: string, code: string, pointer: string, detail: string): void =>
  declareConstraint(constraint, { status: 409, code, pointer, detail });
const unknown = (constraint: string, code: string, pointer: string, detail: string): void =>
  declareConstraint(constraint, { status: 422, code, pointer, detail });
const invalid = (constraint: string, pointer: string, detail: string): void =>
  declareConstraint(constraint, { status: 400, code: 'value_invalid', pointer, detail });

conflict('tenants__slug_key', 'slug_taken', '/slug', 'Another tenant has this slug.');
invalid('tenants__name_check', '/name', 'must not be empty');
invalid('tenants__slug_check', '/slug', 'must be lower-case letters, digits and hyphens, at most 63');
conflict('tenants__installation_check', 'slug_taken', '/slug', 'This slug is reserved.');
invalid('tenants__sign_in_methods_check', '/signInMethods', 'must be at least one of password, oidc');

conflict('departments__code_key', 'code_taken', '/code', 'Another department has this code.');
unknown('departments__parent_fkey', 'department_unknown', '/parentId', 'There is no such department.');
unknown('departments__merged_into_fkey', 'department_unknown', '/intoId', 'There is no such department.');
unknown('departments__merged_check', 'department_merged', '/intoId', 'A department cannot be merged into itself.');
unknown('departments__parent_active_check', 'department_inactive', '/parentId', 'The department above is closed.');
unknown('departments__path_check', 'department_below_itself', '/parentId', 'A department cannot lie below itself.');

conflict('users__email_key', 'email_taken', '/email', 'Another person has this address.');
conflict('users__pid_key', 'pid_taken', '/pid', 'Another person has this number.');
unknown('users__department_fkey', 'department_unknown', '/departmentId', 'There is no such department.');
unknown('users__department_active_check', 'department_inactive', '/departmentId', 'The department is closed.');
unknown('users__department_check', 'department_missing', '/departmentId', 'This person must belong to a department.');
invalid('users__email_check', '/email', 'must be an e-mail address in lower case');
invalid('users__name_check', '/name', 'must not be empty');
unknown('users__merged_into_fkey', 'user_unknown', '/intoId', 'There is no such person.');
invalid('users__role_check', '/role', 'must be one of student, instructor, admin');
invalid('users__operator_check', '/role', 'must be operator in the installation, and only there');

conflict('instructor_profiles__employee_id_key', 'employee_id_taken', '/employeeId', 'Another instructor has this id.');
unknown('instructor_profiles__user_fkey', 'user_unknown', '/userId', 'There is no such person.');
unknown('instructor_profiles__supervisor_fkey', 'instructor_unknown', '/supervisorId', 'There is no such instructor.');
invalid('instructor_profiles__supervisor_check', '/supervisorId', 'must be another person');
invalid('instructor_profiles__experience_years_check', '/experienceYears', 'must be a number from 0 to 80');

const delegate = 'This substitute has the roster in a part of that time already.';
conflict('delegations__overlap_excl', 'delegation_overlaps', '/substituteId', delegate);
unknown('delegations__instructor_fkey', 'instructor_unknown', '/instructorId', 'There is no such instructor.');
unknown('delegations__substitute_fkey', 'instructor_unknown', '/substituteId', 'There is no such instructor.');
invalid('delegations__substitute_check', '/substituteId', 'must be another person than the instructor');
invalid('delegations__range_check', '/validTo', 'must come after the beginning, and not by more than a year');

for (const owner of ['tenants', 'departments', 'instructor_profiles']) {
  invalid(`${owner}__risk_threshold_check`, '/riskThreshold', percentage);
  invalid(`${owner}__top_performer_threshold_check`, '/topPerformerThreshold', percentage);
}
