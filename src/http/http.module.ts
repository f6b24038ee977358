import { Global, Module } from '@nestjs/common';
import { Idempotency } from './idempotency.js';
import { IdempotencyRepository } from './idempotency.repository.js';

@Global()
@Module({
  providers: [IdempotencyRepository, Idempotency],
  exports: [IdempotencyRepository, Idempotency],
})
export class HttpModule {}
