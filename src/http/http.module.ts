import { Global, Module } from '@nestjs/common';
import { Idempotency } from './idempotency.js';
import { IdempotencyRepository } from './idempotency.repository.js';
import { OpenApi } from './openapi.js';
import { RateLimits } from './rate-limits.js';

@Global()
@Module({
  providers: [IdempotencyRepository, Idempotency, OpenApi, RateLimits],
  exports: [IdempotencyRepository, Idempotency, OpenApi, RateLimits],
})
export class HttpModule {}
