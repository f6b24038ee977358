import { Module } from '@nestjs/common';
import { ActivityModule } from '../activity/activity.module.js';
import { AnalyticsModule } from '../analytics/analytics.module.js';
import { AssignmentsModule } from '../assignments/assignments.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { ChannelsModule } from '../channels/channels.module.js';
import { InterventionsModule } from '../interventions/interventions.module.js';
import { MessagingModule } from '../messaging/messaging.module.js';
import { NotificationsModule } from '../notifications/notifications.module.js';
import { OrgModule } from '../org/org.module.js';
import { ReportsModule } from '../reports/reports.module.js';
import { RetentionModule } from '../retention/retention.module.js';
import { StudentsModule } from '../students/students.module.js';
import { BelongingsMerge } from './belongings-merge.js';
import { InstructorMergeService } from './instructor-merge.service.js';
import { PeopleRecord } from './people-record.js';
import { Placement } from './placement.js';
import { StudentMerge } from './student-merge.js';
import { UserImportService } from './user-import.service.js';
import { UserImportWriter } from './user-import.writer.js';
import { UserImportsController } from './user-imports.controller.js';
import { UserImportsRepository } from './user-imports.repository.js';
import { UserMergeService } from './user-merge.service.js';
import { UserReads } from './user-reads.js';
import { OwnPhoneController } from './own-phone.controller.js';
import { UsersController } from './users.controller.js';
import { UsersService } from './users.service.js';

/** People as administrators keep them; above all that knows what people have done and whose roster they are on. */
@Module({
  imports: [
    OrgModule,
    AuthModule,
    StudentsModule,
    ActivityModule,
    AssignmentsModule,
    InterventionsModule,
    AnalyticsModule,
    ReportsModule,
    NotificationsModule,
    MessagingModule,
    ChannelsModule,
    RetentionModule,
  ],
  controllers: [OwnPhoneController, UsersController, UserImportsController],
  providers: [
    UserReads,
    UsersService,
    UserMergeService,
    BelongingsMerge,
    StudentMerge,
    InstructorMergeService,
    UserImportsRepository,
    UserImportWriter,
    UserImportService,
    Placement,
    PeopleRecord,
  ],
  exports: [UsersService],
})
export class PeopleModule {}
