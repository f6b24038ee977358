import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import type { Page } from '../http/paging.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { AuditLogEntry, AuditLogsQuery } from './audit-logs.dto.js';
import { AuditLogs } from './audit-logs.service.js';

@ApiTags('audit')
@Controller('audit-logs')
export class AuditLogsController {
  constructor(private readonly logs: AuditLogs) {}

  @Get()
  @Operation({
    summary: 'List what was done',
    description:
      'The newest first, with what changed field by field. Nothing of it can be changed. Reading it is on record, too; ' +
      'all of it as a file is the report `audit`. With several filters, or for what was not done, a page looks at some ' +
      '5,000 entries of one of them, so that it may hold few or none although `hasNext` says that there is more to look ' +
      'at: `nextCursor` goes on there.',
    permission: 'audit:read',
    answer: AuditLogEntry,
    shape: 'page',
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: AuditLogsQuery): Promise<Page<AuditLogEntry>> {
    return this.logs.list(viewer, query);
  }
}
