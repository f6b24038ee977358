import { Module } from '@nestjs/common';
import { OrgModule } from '../org/org.module.js';
import { ProgressRepository } from './progress.repository.js';

@Module({
  imports: [OrgModule],
  providers: [ProgressRepository],
  exports: [ProgressRepository],
})
export class StudentsModule {}
