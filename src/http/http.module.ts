import { Global, Module } from '@nestjs/common';
import { Idempotency } from './idempotency.js';
import { IdempotencyRepository } from './idempotency.repository.js';
import { RateLimits } from './rate-limits.js';

@Global()
@Module({
  providers: [IdempotencyRepository, Idempotency, RateLimits],
  exports: [IdempotencyRepository, Idempotency, RateLimits],
})
export class HttpModule {}
