import { Controller, Get } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiProperty, ApiTags } from '@nestjs/swagger';
import { HealthIndicatorService, HealthCheckService, type HealthIndicatorResult } from '@nestjs/terminus';
import { Operation } from '../http/operation.js';
import { Problem } from '../http/problem.js';
import { Public } from '../http/public.js';
import { Readiness } from './health.readiness.js';
import { HealthRepository } from './health.repository.js';

class Health {
  @ApiProperty({ enum: ['ok'] })
  readonly status: string;
}

@ApiTags('health')
@Public()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly repository: HealthRepository,
    private readonly readiness: Readiness,
  ) {}

  @Get('live')
  @RouteConfig({ rateLimit: 'none' })
  @Operation({ summary: 'Is the process alive?', public: true, answer: Health, example: { status: 'ok' } })
  live(): Health {
    return { status: 'ok' };
  }

  @Get('ready')
  @RouteConfig({ rateLimit: 'none' })
  @Operation({
    summary: 'Does the process want requests?',
    description: '503 `service_draining` before it stops, 503 `service_not_ready` while the database does not answer.',
    public: true,
    answer: Health,
    example: { status: 'ok' },
  })
  async ready(): Promise<Health> {
    if (this.readiness.isDraining) throw Problem.unavailable('service_draining');
    try {
      const { status } = await this.health.check([() => this.database()]);
      return { status };
    } catch (cause) {
      // Terminus would name the host and the port of what does not answer
      throw Problem.unavailable('service_not_ready', cause);
    }
  }

  private async database(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('database');
    try {
      await this.repository.ping();
      return indicator.up();
    } catch {
      return indicator.down();
    }
  }
}
