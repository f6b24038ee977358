import { Module } from '@nestjs/common';
import { ActivityModule } from '../activity/activity.module.js';
import { OrgModule } from '../org/org.module.js';
import { StudentsModule } from '../students/students.module.js';
import { InstructorMergeService } from './instructor-merge.service.js';
import { PeopleRecord } from './people-record.js';
import { Placement } from './placement.js';
import { UserMergeService } from './user-merge.service.js';
import { UserReads } from './user-reads.js';
import { UsersController } from './users.controller.js';
import { UsersService } from './users.service.js';

/** People as administrators keep them; above all that knows what people have done and whose roster they are on. */
@Module({
  imports: [OrgModule, StudentsModule, ActivityModule],
  controllers: [UsersController],
  providers: [UserReads, UsersService, UserMergeService, InstructorMergeService, Placement, PeopleRecord],
})
export class PeopleModule {}
