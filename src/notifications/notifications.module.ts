import { Module } from '@nestjs/common';
import { OrgModule } from '../org/org.module.js';
import { NotificationMergeRepository } from './notification-merge.repository.js';
import { NotificationMerge } from './notification-merge.service.js';
import { NotificationsController } from './notifications.controller.js';
import { NotificationsJobs } from './notifications.jobs.js';
import { NotificationsRepository } from './notifications.repository.js';
import { NotificationsService } from './notifications.service.js';
import { OccasionsRepository } from './occasions.repository.js';
import { TrayWriterRepository } from './tray-writer.repository.js';
import { TrayWriter } from './tray-writer.js';

/** People's trays: what has happened that concerns them. */
@Module({
  imports: [OrgModule],
  controllers: [NotificationsController],
  providers: [
    TrayWriterRepository,
    TrayWriter,
    NotificationsRepository,
    NotificationsService,
    OccasionsRepository,
    NotificationsJobs,
    NotificationMergeRepository,
    NotificationMerge,
  ],
  exports: [NotificationMerge],
})
export class NotificationsModule {}
