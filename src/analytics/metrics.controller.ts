import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { type JsonBytes, toJsonBytes } from '../http/answer.js';
import { OpenApi } from '../http/openapi.js';
import { answerFields } from '../http/openapi-numbers.js';
import { Operation } from '../http/operation.js';
import { catalogueOf, metricDefinitions } from './metric-catalogue.js';
import { MetricResponse } from './metrics.dto.js';

@ApiTags('analytics')
@Controller('metrics')
export class MetricsController {
  private bytes: JsonBytes | undefined;

  constructor(private readonly openApi: OpenApi) {}

  @Get()
  @Operation({
    summary: 'Say what every number means',
    description:
      'The catalogue: each number of each answer has one entry. The same for everybody, until the next release.',
    permission: 'metrics:read',
    answer: MetricResponse,
    shape: 'list',
  })
  list(): JsonBytes {
    return (this.bytes ??= toJsonBytes(catalogueOf(metricDefinitions, answerFields(this.openApi.document)).metrics));
  }
}
