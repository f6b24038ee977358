import { Module } from '@nestjs/common';
import { Outside } from './outside.js';

/** What messages and notifications go by beside the application itself. */
@Module({
  providers: [Outside],
})
export class ChannelsModule {}
