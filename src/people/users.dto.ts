import { ApiProperty } from '@nestjs/swagger';
import { Day, Flag, Id, OneOf, Text } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';
import type { PersonRow } from '../org/people.repository.js';

export const userRoles = ['student', 'instructor', 'admin'] as const;
export type UserRole = (typeof userRoles)[number];
export const emailPattern = /^[^\s@]+@[^\s@]+$/;
/** E.164: the country, and fifteen digits in all at most. */
export const phonePattern = /^\+[1-9]\d{6,14}$/;
const httpsPattern = /^https:\/\/[^\s/?#@]+([/?#]\S*)?$/;

const name = { max: 200, description: 'As people read it', example: 'Kathleen Osei' };
const email = {
  max: 320,
  pattern: emailPattern,
  nullable: true,
  optional: true,
  description: 'Unique in the tenant; kept in lower case',
  example: 'k.osei@example.org',
};
const pid = {
  max: 100,
  nullable: true,
  optional: true,
  description: "The organisation's own number of the person, unique in the tenant",
  example: 'P-1042',
};
const rank = { max: 100, nullable: true, optional: true, description: 'A title', example: 'Cadet' };
const phone = {
  max: 16,
  pattern: phonePattern,
  nullable: true,
  optional: true,
  description: 'Where short messages go, in the form of E.164',
  example: '+441632960123',
};
const avatarUrl = {
  max: 2_000,
  pattern: httpsPattern,
  nullable: true,
  optional: true,
  description: 'Of a picture; https only, without credentials',
  example: 'https://pictures.example.org/osei.png',
};
const departmentId = { nullable: true, optional: true, description: 'Required of students and instructors' };
const instructorId = {
  nullable: true,
  optional: true,
  description: 'Of a student only: an active instructor of the same department or of one above it',
};
const joinedOn = { optional: true, description: 'The first day', example: '2026-09-01' };

export class UserListQuery extends PageQuery {
  @Text({ max: 200, optional: true, description: 'Parts of name, e-mail and number, whatever case and accents' })
  readonly search?: string;

  @OneOf(userRoles, { optional: true, description: 'Only people with this role' })
  readonly role?: UserRole;

  @Id({ optional: true, description: 'People of this department or one below it' })
  readonly departmentId?: string;

  @Flag({ optional: true, description: 'Only active people, or only those who were deactivated' })
  readonly isActive?: boolean;

  @OneOf(['name'], { optional: true, default: 'name', description: 'Sort key' })
  readonly sort = 'name' as const;
}

export class CreateUser {
  @Id({ optional: true, description: 'Made by the client, so that creating twice is creating once' })
  readonly id?: string;

  @OneOf(userRoles, { description: 'A service creates students and instructors only' })
  readonly role: UserRole;

  @Text(name)
  readonly name: string;

  @Text(email)
  readonly email?: string | null;

  @Text(pid)
  readonly pid?: string | null;

  @Text(rank)
  readonly rank?: string | null;

  @Text(phone)
  readonly phone?: string | null;

  @Text(avatarUrl)
  readonly avatarUrl?: string | null;

  @Id(departmentId)
  readonly departmentId?: string | null;

  @Id(instructorId)
  readonly instructorId?: string | null;

  @Day({ ...joinedOn, description: 'The first day; today where it is left out' })
  readonly joinedOn?: string;

  @Flag({ optional: true, default: true, description: 'Send an invitation where there is an e-mail address' })
  readonly invite: boolean = true;
}

export class ChangeUser {
  @OneOf(userRoles, { optional: true, description: 'Changes between instructor and admin only' })
  readonly role?: UserRole;

  @Text({ ...name, optional: true })
  readonly name?: string;

  @Text(email)
  readonly email?: string | null;

  @Text(pid)
  readonly pid?: string | null;

  @Text(rank)
  readonly rank?: string | null;

  @Text(phone)
  readonly phone?: string | null;

  @Text(avatarUrl)
  readonly avatarUrl?: string | null;

  @Id(departmentId)
  readonly departmentId?: string | null;

  @Id(instructorId)
  readonly instructorId?: string | null;

  @Day(joinedOn)
  readonly joinedOn?: string;

  @Flag({ optional: true, description: 'False deactivates: nothing is lost, and the person can do nothing any more' })
  readonly isActive?: boolean;
}

export class UserResponse implements PersonRow {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ enum: userRoles, example: 'student' })
  role: UserRole;
  @ApiProperty({ example: 'Kathleen Osei' })
  name: string;
  @ApiProperty({ type: String, nullable: true, example: 'k.osei@example.org' })
  email: string | null;
  @ApiProperty({ type: String, nullable: true, example: 'P-1042' })
  pid: string | null;
  @ApiProperty({ type: String, nullable: true, example: 'Cadet' })
  rank: string | null;
  @ApiProperty({ type: String, nullable: true, example: '+441632960123' })
  phone: string | null;
  @ApiProperty({ type: String, nullable: true })
  avatarUrl: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  departmentId: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Of a student' })
  instructorId: string | null;
  @ApiProperty({ format: 'date', example: '2026-09-01' })
  joinedOn: string;
  @ApiProperty()
  isActive: boolean;
  @ApiProperty({ description: 'Whether this person can sign in with one; else an invitation can be sent' })
  hasPassword: boolean;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  lastLoginAt: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Whose duplicate this was' })
  mergedIntoId: string | null;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: 'integer', example: 1 })
  version: number;
}

export class DeactivatedUser extends UserResponse {
  @ApiProperty({ type: 'integer', description: 'Active students who are still on this roster', example: 12 })
  rosterStudents: number;
}

export class OwnPhone {
  @Text({ ...phone, optional: false, description: 'Where short messages go, in the form of E.164; null: none do' })
  readonly phone: string | null;
}

export class MergeUser {
  @Id({ description: 'The person of the same role who stays', example: '0198f000-0000-7000-8000-000000000004' })
  readonly intoId: string;
}

export class MergedUser {
  @ApiProperty({ type: UserResponse, description: 'Who stays, with what was missing' })
  into: UserResponse;
  @ApiProperty({ type: 'integer', description: 'Sessions of a student that are now the other’s', example: 57 })
  sessions: number;
  @ApiProperty({ type: 'integer', description: 'Students of an instructor who are now the other’s', example: 0 })
  students: number;
}
