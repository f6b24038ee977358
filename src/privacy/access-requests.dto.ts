import { ApiProperty } from '@nestjs/swagger';
import { Id, OneOf } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';

export const accessStatuses = ['queued', 'running', 'ready', 'failed', 'cancelled', 'expired'] as const;
export type AccessStatus = (typeof accessStatuses)[number];

export const accessFormats = ['json', 'html'] as const;
export type AccessFormat = (typeof accessFormats)[number];

export class RequestAccess {
  @Id({ optional: true, description: 'Whom it is about; oneself unless told. Others only for administrators' })
  readonly personId?: string;
}

export class AccessRequestsQuery extends PageQuery {
  @Id({ optional: true, description: 'About this person' })
  readonly personId?: string;

  @OneOf(accessStatuses, { optional: true, description: 'In this state' })
  readonly status?: AccessStatus;
}

export class AccessFileQuery {
  @OneOf(accessFormats, { description: '`json` for machines, `html` to read and print' })
  readonly format: AccessFormat;
}

export class AccessRequestResponse {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid', description: 'Whom it is about' })
  personId: string;
  @ApiProperty({ format: 'uuid', description: 'Who asked' })
  requestedBy: string;
  @ApiProperty({ enum: accessStatuses })
  status: AccessStatus;
  @ApiProperty({ type: 'integer', description: 'Rows written' })
  rows: number;
  @ApiProperty({ type: String, nullable: true, description: 'Why it failed' })
  error: string | null;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finishedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Until when the files are kept' })
  expiresAt: string | null;
}
