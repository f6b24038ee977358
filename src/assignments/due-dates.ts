import { ApiProperty } from '@nestjs/swagger';
import type { Viewer } from '../http/viewer.js';

export const dueRules = ['assignment', 'accommodation', 'extension'] as const;

export class AccommodatedDue {
  @ApiProperty({ format: 'date-time' })
  dueAt: string;
  @ApiProperty({ minimum: 1, maximum: 10, example: 1.5 })
  timeFactor: number;
  @ApiProperty({ type: 'integer', description: 'Local days', example: 2 })
  extraDays: number;
}

export class GrantedExtension {
  @ApiProperty({ format: 'date-time' })
  until: string;
  @ApiProperty({ type: String, nullable: true, description: 'For staff alone' })
  reason: string | null;
}

export class EffectiveDue {
  @ApiProperty({ format: 'date-time', description: 'The latest of the three' })
  at: string;
  @ApiProperty({ enum: dueRules, description: 'Which of the three this is; of equal ones the first' })
  rule: (typeof dueRules)[number];
  @ApiProperty({ format: 'date-time', description: 'For everybody' })
  assignmentDueAt: string;
  @ApiProperty({
    type: AccommodatedDue,
    nullable: true,
    description: "By the student's accommodation; not for services",
  })
  accommodation: AccommodatedDue | null;
  @ApiProperty({ type: GrantedExtension, nullable: true, description: 'Granted for this assignment' })
  extension: GrantedExtension | null;
}

/** An instant in JSON that SQL makes, as it is everywhere else. */
export const instant = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** When a local day of the tenant in `$1` begins. */
export const midnight = (day: string): string =>
  `((${day})::timestamp at time zone (select t.time_zone from tenants t where t.id = $1))`;

/**
 * When a submission `s` of an assignment `a` is due and why, as `EffectiveDue`, or null without a due date. Reads the
 * tenant from `$1`. Reasons are for staff alone; of accommodations services learn no more than that one decided.
 */
export function effectiveDue({ role }: Viewer): string {
  const accommodation = `(
    select json_build_object('dueAt', ${instant('own.due_at')}, 'timeFactor', own.time_factor,
      'extraDays', own.extra_days)
    from accommodated_due($1, s.student_id, s.assigned_at, a.available_from, a.due_at) own
  )`;
  const reason = role === 'student' || role === 'service' ? 'null' : 's.extension_reason';
  return `case when s.effective_due_at is not null then json_build_object(
    'at', ${instant('s.effective_due_at')}, 'rule', s.due_rule, 'assignmentDueAt', ${instant('a.due_at')},
    'accommodation', ${role === 'service' ? 'null' : accommodation},
    'extension', case when s.extended_until is not null
      then json_build_object('until', ${instant('s.extended_until')}, 'reason', ${reason}) end
  ) end`;
}
