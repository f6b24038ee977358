import { ApiProperty } from '@nestjs/swagger';

export class GradeBatchResponse {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  assignmentId: string;
  @ApiProperty({ type: 'integer', description: 'Students whose work it changed', example: 28 })
  changes: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  undoableUntil: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  undoneAt: string | null;
}

const undoResults = ['undone', 'already_undone', 'changed_since', 'submission_not_found'] as const;

export class UndoneChange {
  @ApiProperty({ format: 'uuid' })
  studentId: string;
  @ApiProperty({ enum: undoResults, description: '`changed_since`: somebody has graded it anew, and that stays' })
  result: (typeof undoResults)[number];
}

export class UndoResponse {
  @ApiProperty({ type: 'integer', description: 'Work that is again as it was before', example: 27 })
  undone: number;
  @ApiProperty({ type: [UndoneChange], description: 'One for each student of the batch whom you may grade' })
  results: UndoneChange[];
}
