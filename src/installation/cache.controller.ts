import { hostname } from 'node:os';
import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Cache } from '../cache/cache.js';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { Operation } from '../http/operation.js';
import { CacheResponse } from './cache.dto.js';

@ApiTags('installation')
@Controller('cache')
export class CacheController {
  private readonly since: string;

  constructor(
    private readonly cache: Cache,
    private readonly config: Config,
    clock: Clock,
  ) {
    this.since = clock.now().toISOString();
  }

  @Get()
  @Operation({
    summary: 'Show what the cache of this process did',
    description: 'Since the process began, by what is cached. Of several processes the one that answers tells.',
    permission: 'cache:read',
    answer: CacheResponse,
  })
  show(): CacheResponse {
    const { entries, bytes, values } = this.cache.report;
    return {
      host: hostname(),
      since: this.since,
      kind: this.config.cache,
      isServing: this.cache.serving,
      entries,
      bytes,
      values: values.map((value) => ({ ...value, hitRate: hitRateOf(value) })),
    };
  }
}

function hitRateOf({ requests, hits, sharedHits }: Omit<CacheResponse['values'][number], 'hitRate'>): number | null {
  return requests === 0 ? null : Math.round(((hits + sharedHits) / requests) * 10_000) / 100;
}
