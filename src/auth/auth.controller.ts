import { Body, Controller, Get, Post, Req } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { NotStored } from '../http/idempotency.js';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { AccountsRepository } from './accounts.repository.js';
import { LoginRequest, SignedInPerson, signedInExample, ViewerResponse } from './auth.dto.js';
import { AuthService } from './auth.service.js';
import { permissionsOf } from './permissions.js';

const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

@ApiTags('auth')
@Controller('auth')
export class AuthController {
  constructor(
    private readonly auth: AuthService,
    private readonly accounts: AccountsRepository,
  ) {}

  @Post('login')
  @NotStored()
  @ApiResponse({ status: 401, description: 'Tenant, address and password do not match', content: problem })
  @Operation({
    summary: 'Sign in',
    description:
      'For people; the answer holds a token for `Authorization: Bearer`. Which of the three was wrong is not told. ' +
      'After too many attempts 429 `attempts_exceeded` says when the next one is allowed.',
    public: true,
    answer: SignedInPerson,
    example: { ...signedInExample, deviceToken: 'qk3C0mZxT1u6vR9hYb2nLwEeJf8sDpAiGt5oXyKc7dM' },
  })
  login(@Body() body: LoginRequest, @Req() { ip }: FastifyRequest): Promise<SignedInPerson> {
    return this.auth.login(body, ip);
  }

  @Get('me')
  @Operation({
    summary: 'Who is asking, and what they may do',
    answer: ViewerResponse,
    example: {
      userId: '0198f000-0000-7000-8000-000000000002',
      role: 'instructor',
      name: 'Ada Okafor',
      email: 'a.okafor@example.org',
      departmentId: '0198f000-0000-7000-8000-000000000003',
      permissions: permissionsOf({ role: 'instructor' }),
      tenant: {
        id: '0198f000-0000-7000-8000-000000000001',
        slug: 'northern-academy',
        name: 'Northern Academy',
        timeZone: 'Europe/London',
      },
    },
  })
  async me(@CurrentViewer() viewer: Viewer): Promise<ViewerResponse> {
    const { tenantId, userId, role, departmentId } = viewer;
    const { name, email, tenant } = await this.accounts.getProfile(tenantId, userId);
    return { userId, role, name, email, departmentId, permissions: permissionsOf(viewer), tenant };
  }
}
