import { Module } from '@nestjs/common';
import { OrgModule } from '../org/org.module.js';
import { EndpointCalls } from './endpoint-calls.js';
import { EndpointsController } from './endpoints.controller.js';
import { EndpointsRepository } from './endpoints.repository.js';
import { EndpointsService } from './endpoints.service.js';
import { Outside } from './outside.js';
import { SmsChannel } from './sms.channel.js';
import { WebhookChannel } from './webhook.channel.js';

/** What messages and notifications go by beside the application itself. */
@Module({
  imports: [OrgModule],
  controllers: [EndpointsController],
  providers: [Outside, EndpointsRepository, EndpointCalls, EndpointsService, WebhookChannel, SmsChannel],
})
export class ChannelsModule {}
