import { Body, Controller, Delete, Get, Post, Put } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { NotStored } from '../http/idempotency.js';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { EndpointParam, EndpointResponse, EndpointTest, EndpointWithSecret, PutEndpoint } from './endpoints.dto.js';
import type { Endpoint, EndpointChannel } from './endpoints.repository.js';
import { EndpointsService } from './endpoints.service.js';

@ApiTags('channels')
@Controller('channels/:channel')
export class EndpointsController {
  constructor(private readonly endpoints: EndpointsService) {}

  @Get()
  @Operation({
    summary: 'Show where a channel leads',
    permission: 'channels:read',
    answer: EndpointResponse,
    errors: [404],
  })
  get(@CurrentViewer() { tenantId }: Viewer, @EndpointParam() channel: EndpointChannel): Promise<Endpoint> {
    return this.endpoints.get(tenantId, channel);
  }

  @Put()
  @Operation({
    summary: 'Set where a channel leads',
    description:
      'To a system of the tenant’s own, which brings what it gets to the person: `webhook` for messages and ' +
      'notifications as they are, `sms` for short texts. The first time the answer tells the secret that calls are ' +
      'signed with.',
    permission: 'channels:write',
    answer: EndpointWithSecret,
    errors: [404, 412],
  })
  put(
    @CurrentViewer() viewer: Viewer,
    @EndpointParam() channel: EndpointChannel,
    @Body() body: PutEndpoint,
    @IfMatch() version: number | undefined,
  ): Promise<EndpointWithSecret> {
    return this.endpoints.put(viewer, channel, body, version);
  }

  @Delete()
  @Operation({
    summary: 'Switch a channel off and forget where it led',
    permission: 'channels:write',
    status: 204,
    errors: [404, 412],
  })
  delete(
    @CurrentViewer() viewer: Viewer,
    @EndpointParam() channel: EndpointChannel,
    @IfMatch() version: number | undefined,
  ): Promise<void> {
    return this.endpoints.delete(viewer, channel, version);
  }

  @Post('secret')
  @NotStored()
  @Operation({
    summary: 'Sign with a new secret',
    description: 'For 24 hours calls bear two signatures, so that the receiver may change over in its own time.',
    permission: 'channels:write',
    answer: EndpointWithSecret,
    errors: [404, 412],
  })
  rotateSecret(
    @CurrentViewer() viewer: Viewer,
    @EndpointParam() channel: EndpointChannel,
    @IfMatch() version: number | undefined,
  ): Promise<EndpointWithSecret> {
    return this.endpoints.rotateSecret(viewer, channel, version);
  }

  @Post('test')
  @RouteConfig({ deadlineSeconds: 35, rateLimit: 'expensive' })
  @Operation({
    summary: 'Send a test event now',
    description: 'Signed like all others, of the type `test`, also while the channel is switched off.',
    permission: 'channels:write',
    answer: EndpointTest,
    errors: [404],
  })
  test(@CurrentViewer() viewer: Viewer, @EndpointParam() channel: EndpointChannel): Promise<EndpointTest> {
    return this.endpoints.test(viewer, channel);
  }
}
