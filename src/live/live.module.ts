import { Module } from '@nestjs/common';
import { AnalyticsModule } from '../analytics/analytics.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { DashboardEvents } from './dashboard-events.js';
import { Follower } from './follower.js';
import { LiveController } from './live.controller.js';
import { LiveEventsRepository } from './live-events.repository.js';
import { LiveJobs } from './live.jobs.js';
import { Opening } from './opening.js';
import { Publisher } from './publisher.js';
import { Streams } from './streams.js';

/** What happens, told to those who may know while they listen. */
@Module({
  imports: [AnalyticsModule, AuthModule],
  controllers: [LiveController],
  providers: [LiveEventsRepository, LiveJobs, Publisher, Follower, Streams, DashboardEvents, Opening],
})
export class LiveModule {}
