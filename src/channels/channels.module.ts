import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { OrgModule } from '../org/org.module.js';
import { BouncesController } from './bounces.controller.js';
import { BouncesJobs } from './bounces.jobs.js';
import { BouncesRepository } from './bounces.repository.js';
import { BouncesService } from './bounces.service.js';
import { type Channel, CHANNELS } from './channel.js';
import { ChannelMergeRepository } from './channel-merge.repository.js';
import { QueueingJobs, SendingJobs } from './channels.jobs.js';
import { DeliveriesController } from './deliveries.controller.js';
import { DeliveriesRepository } from './deliveries.repository.js';
import { EmailChannel } from './email.channel.js';
import { EndpointCalls } from './endpoint-calls.js';
import { EndpointsController } from './endpoints.controller.js';
import { EndpointsRepository } from './endpoints.repository.js';
import { EndpointsService } from './endpoints.service.js';
import { Outside } from './outside.js';
import { DeliveriesService } from './deliveries.service.js';
import { DeliveryListRepository } from './delivery-list.repository.js';
import { PreferencesController } from './preferences.controller.js';
import { PreferencesRepository } from './preferences.repository.js';
import { PreferencesService } from './preferences.service.js';
import { Queueing } from './queueing.service.js';
import { Sender } from './sender.service.js';
import { SmsChannel } from './sms.channel.js';
import { SubjectsRepository } from './subjects.repository.js';
import { UnsubscribeTokens } from './unsubscribe-tokens.js';
import { UnsubscriptionsController } from './unsubscriptions.controller.js';
import { WebhookChannel } from './webhook.channel.js';

const channels = [EmailChannel, WebhookChannel, SmsChannel];

/** By what else than the application people are told of things. */
@Module({
  imports: [AuthModule, OrgModule],
  controllers: [
    BouncesController,
    EndpointsController,
    UnsubscriptionsController,
    PreferencesController,
    DeliveriesController,
  ],
  providers: [
    ...channels,
    { provide: CHANNELS, useFactory: (...all: Channel[]) => all, inject: channels },
    Outside,
    EndpointsRepository,
    EndpointCalls,
    EndpointsService,
    BouncesRepository,
    BouncesService,
    BouncesJobs,
    UnsubscribeTokens,
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
