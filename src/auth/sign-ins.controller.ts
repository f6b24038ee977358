import { Body, Controller, Delete, Get, Post, Query, Req } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { NotStored } from '../http/idempotency.js';
import { Operation } from '../http/operation.js';
import { examplePagination, type Page, PageQuery } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { RefreshRequest, SignedIn, signedInExample, SignInResponse } from './auth.dto.js';
import { SignInsService } from './sign-ins.service.js';

const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

@ApiTags('auth')
@Controller('auth')
export class SignInsController {
  constructor(private readonly signIns: SignInsService) {}

  @Post('refresh')
  @NotStored()
  @ApiResponse({ status: 401, description: 'The refresh token is not valid, or no longer', content: problem })
  @Operation({
    summary: 'Go on with a sign-in',
    description:
      'The answer holds a new access token, of what the person may see by now, and the next refresh token. A token that ' +
      'was used may be sent again within 10 seconds, when the answer was lost, and is answered with the same next one. ' +
      'Later its sign-in ends: somebody else has it.',
    public: true,
    answer: SignedIn,
    example: signedInExample,
  })
  refresh(@Body() { refreshToken }: RefreshRequest): Promise<SignedIn> {
    return this.signIns.refresh(refreshToken);
  }

  @Post('logout')
  @Operation({
    summary: 'End the sign-in of this token',
    description: 'Its access tokens can write nothing from now on, and read until they expire. 409 for other tokens.',
    status: 204,
    errors: [409],
  })
  logout(@CurrentViewer() viewer: Viewer, @Req() { credential }: FastifyRequest): Promise<void> {
    return this.signIns.logOut(viewer, credential!);
  }

  @Post('logout-everywhere')
  @Operation({ summary: "End all of one's sign-ins", status: 204 })
  async logoutEverywhere(@CurrentViewer() { tenantId, userId }: Viewer): Promise<void> {
    await this.signIns.revokeAllOf(tenantId, [userId], 'logged_out_everywhere');
  }

  @Get('sign-ins')
  @Operation({
    summary: "List one's sign-ins that have not ended, the latest first",
    answer: SignInResponse,
    shape: 'page',
    example: {
      data: [
        {
          id: '0198f000-0000-7000-8000-000000000006',
          createdAt: '2026-11-20T08:30:00Z',
          lastUsedAt: '2026-11-20T09:20:00Z',
          expiresAt: '2026-12-04T09:20:00Z',
          address: '192.0.2.7',
          agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
          isCurrent: true,
        },
      ],
      pagination: examplePagination(1),
    },
  })
  async list(
    @CurrentViewer() viewer: Viewer,
    @Req() { credential }: FastifyRequest,
    @Query() query: PageQuery,
  ): Promise<Page<SignInResponse>> {
    const currentId = credential?.kind === 'sign-in' ? credential.id : null;
    const { data, pagination } = await this.signIns.list(viewer, query);
    return { data: data.map((signIn) => ({ ...signIn, isCurrent: signIn.id === currentId })), pagination };
  }

  @Delete('sign-ins/:id')
  @Operation({ summary: "End one of one's sign-ins", status: 204, errors: [404] })
  revoke(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<void> {
    return this.signIns.revokeOwn(viewer, id);
  }
}
