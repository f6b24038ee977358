import { Module } from '@nestjs/common';
import { OrgModule } from '../org/org.module.js';
import { ProgressRepository } from './progress.repository.js';
import { SegmentsController } from './segments.controller.js';
import { SegmentsRepository } from './segments.repository.js';
import { SegmentsService } from './segments.service.js';
import { StudentListRepository } from './student-list.repository.js';
import { StudentReads } from './student-reads.js';
import { StudentsController } from './students.controller.js';
import { StudentsRepository } from './students.repository.js';
import { StudentsService } from './students.service.js';

@Module({
  imports: [OrgModule],
  controllers: [StudentsController, SegmentsController],
  providers: [
    ProgressRepository,
    StudentListRepository,
    StudentsRepository,
    StudentsService,
    StudentReads,
    SegmentsRepository,
    SegmentsService,
  ],
  exports: [ProgressRepository, StudentListRepository, StudentsRepository, SegmentsRepository],
})
export class StudentsModule {}
