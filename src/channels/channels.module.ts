import { Module } from '@nestjs/common';
import { OrgModule } from '../org/org.module.js';
import { type Channel, CHANNELS } from './channel.js';
import { ChannelMergeRepository } from './channel-merge.repository.js';
import { QueueingJobs, SendingJobs } from './channels.jobs.js';
import { DeliveriesController } from './deliveries.controller.js';
import { DeliveriesRepository } from './deliveries.repository.js';
import { DeliveriesService } from './deliveries.service.js';
import { DeliveryListRepository } from './delivery-list.repository.js';
import { PreferencesController } from './preferences.controller.js';
import { PreferencesRepository } from './preferences.repository.js';
import { PreferencesService } from './preferences.service.js';
import { Queueing } from './queueing.service.js';
import { Sender } from './sender.service.js';
import { SubjectsRepository } from './subjects.repository.js';

/** By what else than the application people are told of things. */
@Module({
  imports: [OrgModule],
  controllers: [PreferencesController, DeliveriesController],
  providers: [
    { provide: CHANNELS, useFactory: (...channels: Channel[]) => channels, inject: [] },
    PreferencesRepository,
    PreferencesService,
    SubjectsRepository,
    DeliveriesRepository,
    Queueing,
    QueueingJobs,
    Sender,
    SendingJobs,
    DeliveryListRepository,
    DeliveriesService,
    ChannelMergeRepository,
  ],
  exports: [PreferencesService, ChannelMergeRepository],
})
export class ChannelsModule {}
