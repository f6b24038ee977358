import { Global, Module } from '@nestjs/common';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { Cache } from './cache.js';

@Global()
@Module({
  providers: [
    { provide: Cache, inject: [Config, Clock], useFactory: (config: Config, clock: Clock) => new Cache(config, clock) },
  ],
  exports: [Cache],
})
export class CacheModule {}
