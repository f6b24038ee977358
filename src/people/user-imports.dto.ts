import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Flag, OneOf } from '../http/fields.js';
import { userColumns } from './user-file.js';
import type { RowError } from './user-row.js';

export class ImportUsersQuery {
  @Flag({ optional: true, default: false, description: 'Say what would happen, and do nothing' })
  readonly dryRun: boolean = false;

  @OneOf(['atomic', 'bestEffort'], {
    optional: true,
    default: 'atomic',
    description: '`atomic`: a row at fault keeps all others out. `bestEffort`: it costs itself alone',
  })
  readonly mode: 'atomic' | 'bestEffort' = 'atomic';

  @Flag({ optional: true, default: false, description: 'Send an invitation to who is new and has an e-mail address' })
  readonly invite: boolean = false;
}

export class ImportRowError implements RowError {
  @ApiProperty({ enum: userColumns, example: 'department' })
  column: RowError['column'];
  @ApiProperty({ example: 'department_unknown' })
  code: string;
  @ApiProperty({ example: 'there is no active department with this code' })
  detail: string;
}

export class ImportedRow {
  @ApiProperty({ type: 'integer', description: 'From 1, the row below the names of the columns', example: 3 })
  row: number;
  @ApiProperty({ enum: ['created', 'updated', 'unchanged', 'failed'], description: 'What happened, or would have' })
  status: 'created' | 'updated' | 'unchanged' | 'failed';
  @ApiPropertyOptional({ format: 'uuid' })
  id?: string;
  @ApiPropertyOptional({ type: [ImportRowError] })
  errors?: ImportRowError[];
}

export class ImportUsersResponse {
  @ApiProperty()
  dryRun: boolean;
  @ApiProperty({ enum: ['atomic', 'bestEffort'], example: 'atomic' })
  mode: 'atomic' | 'bestEffort';
  @ApiProperty({ description: 'Whether anything was written: not in a dry run, nor where a row kept all others out' })
  applied: boolean;
  @ApiProperty({ type: 'integer' })
  created: number;
  @ApiProperty({ type: 'integer' })
  updated: number;
  @ApiProperty({ type: 'integer' })
  unchanged: number;
  @ApiProperty({ type: 'integer' })
  failed: number;
  @ApiProperty({ type: [ImportedRow], description: 'One per row, in order' })
  results: ImportedRow[];
}
