import type { Readable } from 'node:stream';
import { Body, Controller, Get, Post, Query, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Operation } from '../http/operation.js';
import { examplePagination, type Page } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { AccessFileQuery, AccessRequestResponse, AccessRequestsQuery, RequestAccess } from './access-requests.dto.js';
import { AccessRequests } from './access-requests.service.js';
import { keptDays } from './access-writer.js';

const example: AccessRequestResponse = {
  id: '0198f000-0000-7000-8000-000000000021',
  personId: '0198f000-0000-7000-8000-000000000004',
  requestedBy: '0198f000-0000-7000-8000-000000000004',
  status: 'ready',
  rows: 4_210,
  error: null,
  createdAt: '2026-11-20T08:30:00.000Z',
  finishedAt: '2026-11-20T08:30:04.000Z',
  expiresAt: '2026-12-20T08:30:04.000Z',
};
const one = { answer: AccessRequestResponse, example };
const types = { json: 'application/json; charset=utf-8', html: 'text/html; charset=utf-8' };

@ApiTags('privacy')
@Controller('privacy/access-requests')
export class AccessRequestsController {
  constructor(private readonly requests: AccessRequests) {}

  @Post()
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Ask for everything that is kept about a person',
    description:
      'Everybody about themselves, administrators about anybody. Two files are written in the background, one for ' +
      `machines and one to read, and kept for ${keptDays} days. What is asked for and not finished is answered once more.`,
    permission: 'access:write',
    status: 202,
    ...one,
    errors: [404, 409],
  })
  async request(
    @CurrentViewer() viewer: Viewer,
    @Body() { personId }: RequestAccess,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AccessRequestResponse> {
    const request = await this.requests.request(viewer, personId);
    reply.header('location', `/api/v1/privacy/access-requests/${request.id}`);
    return request;
  }

  @Get()
  @Operation({
    summary: 'List requests for what is kept about people, newest first',
    description: 'Those about oneself, and all of them for administrators.',
    permission: 'access:read',
    ...one,
    shape: 'page',
    example: { data: [example], pagination: examplePagination(1) },
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: AccessRequestsQuery): Promise<Page<AccessRequestResponse>> {
    return this.requests.list(viewer, query);
  }

  @Get(':id')
  @Operation({
    summary: 'Show a request for what is kept about a person',
    permission: 'access:read',
    ...one,
    errors: [404],
  })
  get(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<AccessRequestResponse> {
    return this.requests.get(viewer, id);
  }

  @Post(':id/cancel')
  @Operation({
    summary: 'Cancel a request that is not finished',
    description: 'Cancelling twice is no error.',
    permission: 'access:write',
    ...one,
    errors: [404, 409],
  })
  cancel(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<AccessRequestResponse> {
    return this.requests.cancel(viewer, id);
  }

  @Get(':id/file')
  @Operation({
    summary: 'Download what is kept about a person',
    description: 'By the person and by administrators; audited each time.',
    permission: 'access:read',
    files: { 'application/json': '{"person":{"id":"0198f000-0000-7000-8000-000000000004"}}', 'text/html': null },
    errors: [404, 409, 410],
  })
  async file(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Query() { format }: AccessFileQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Readable> {
    const { name, bytes, content } = await this.requests.open(viewer, id, format);
    reply.header('content-type', types[format]);
    reply.header('content-length', bytes);
    reply.header('content-disposition', `attachment; filename="${name}"`);
    reply.header('cache-control', 'private, no-store');
    return content;
  }
}
