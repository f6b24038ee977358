import { Module } from '@nestjs/common';
import { AssignmentsModule } from '../assignments/assignments.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { OrgModule } from '../org/org.module.js';
import { StudentsModule } from '../students/students.module.js';
import { FanOutRepository } from './fan-out.repository.js';
import { FanOut } from './fan-out.service.js';
import { MessageLimits } from './message-limits.js';
import { MessageMergeRepository } from './message-merge.repository.js';
import { MessageRecord } from './message-record.js';
import { MessagesController } from './messages.controller.js';
import { MessagesJobs } from './messages.jobs.js';
import { MessagesRepository } from './messages.repository.js';
import { MessagesService } from './messages.service.js';
import { ReceiptsController } from './receipts.controller.js';
import { ReceiptsRepository } from './receipts.repository.js';
import { ReceiptsService } from './receipts.service.js';
import { RecipientsRepository } from './recipients.repository.js';
import { Recipients } from './recipients.service.js';
import { ThreadsController } from './threads.controller.js';
import { ThreadsRepository } from './threads.repository.js';
import { ThreadsService } from './threads.service.js';

@Module({
  imports: [AuthModule, OrgModule, StudentsModule, AssignmentsModule],
  controllers: [MessagesController, ReceiptsController, ThreadsController],
  providers: [
    MessagesRepository,
    RecipientsRepository,
    Recipients,
    MessageLimits,
    MessageRecord,
    MessagesService,
    FanOutRepository,
    FanOut,
    MessagesJobs,
    ReceiptsRepository,
    ReceiptsService,
    ThreadsRepository,
    ThreadsService,
    MessageMergeRepository,
  ],
  exports: [MessageMergeRepository],
})
export class MessagingModule {}
