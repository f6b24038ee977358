import { ApiProperty } from '@nestjs/swagger';
import { Id } from '../http/fields.js';
import { Misplaced } from '../org/departments.dto.js';

export class MergeDepartment {
  @Id({
    description: 'The active department that takes everything over; not one below the merged one',
    example: '0198f000-0000-7000-8000-000000000008',
  })
  readonly intoId: string;
}

export class DepartmentMerged {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  intoId: string;
  @ApiProperty({ example: false })
  dryRun: boolean;
  @ApiProperty({ type: 'integer', description: 'Students moved, active or not', example: 24 })
  students: number;
  @ApiProperty({ type: 'integer', description: 'Instructors and administrators moved', example: 2 })
  staff: number;
  @ApiProperty({ type: 'integer', description: 'Departments moved, each with all below it', example: 0 })
  departments: number;
  @ApiProperty({ type: Misplaced, description: 'Where there are any, the merge is refused' })
  misplaced: Misplaced;
}
