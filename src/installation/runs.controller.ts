import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { type CursorValue, type Page, positionOf, toPage } from '../http/paging.js';
import { maskError } from './masked-error.js';
import { type ListedRun, RunListRepository } from './run-list.repository.js';
import { RunResponse, RunsQuery } from './runs.dto.js';

@ApiTags('installation')
@Controller('runs')
export class RunsController {
  constructor(private readonly runs: RunListRepository) {}

  @Get()
  @Operation({
    summary: 'List runs of jobs, the latest first',
    permission: 'runs:read',
    answer: RunResponse,
    shape: 'page',
  })
  async list(@Query() query: RunsQuery): Promise<Page<ListedRun>> {
    const { job = null, status = null } = query;
    const listing = { scope: ['runs', job, status], keys: ['number'] as const };
    const position = positionOf(query, listing);
    const { limit, offset, after } = position;
    const rows = await this.runs.list({ job, status }, { limit: limit + 1, offset, before: idOf(after?.[0]) });
    const shown = rows.map((run) => ({ ...run, error: run.error === null ? null : maskError(run.error) }));
    return toPage(shown, position, { listing, keysOf: ({ id }) => [id] });
  }
}

/** A cursor may hold any number. */
function idOf(value: CursorValue | undefined): number | null {
  return typeof value === 'number' ? Math.min(Math.max(Math.floor(value), 0), Number.MAX_SAFE_INTEGER) : null;
}
