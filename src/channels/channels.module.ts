import { Module } from '@nestjs/common';
import { OrgModule } from '../org/org.module.js';
import { EndpointCalls } from './endpoint-calls.js';
import { EndpointsController } from './endpoints.controller.js';
import { EndpointsRepository } from './endpoints.repository.js';
import { EndpointsService } from './endpoints.service.js';
import { Outside } from './outside.js';
import { PreferencesController } from './preferences.controller.js';
import { PreferencesRepository } from './preferences.repository.js';
import { PreferencesService } from './preferences.service.js';
import { SmsChannel } from './sms.channel.js';
import { WebhookChannel } from './webhook.channel.js';

/** By what else than the application people are told of things. */
@Module({
  imports: [OrgModule],
  controllers: [EndpointsController, PreferencesController],
  providers: [
    Outside,
    EndpointsRepository,
    EndpointCalls,
    EndpointsService,
    WebhookChannel,
    SmsChannel,
    PreferencesRepository,
    PreferencesService,
  ],
  exports: [PreferencesService],
})
export class ChannelsModule {}
