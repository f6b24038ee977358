import { Body, Controller, Post, Put, Req } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { NotStored } from '../http/idempotency.js';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { ChangePassword, ChoosePassword, KnownDevice, RequestPasswordReset } from './accounts.dto.js';
import { SignedInPerson } from './auth.dto.js';
import { AuthService } from './auth.service.js';
import { LinkRequestsService } from './link-requests.service.js';
import { LinkUseService } from './link-use.service.js';

@ApiTags('auth')
@Controller('auth')
export class AccountsController {
  constructor(
    private readonly auth: AuthService,
    private readonly requests: LinkRequestsService,
    private readonly links: LinkUseService,
  ) {}

  @Post('password-resets')
  @Operation({
    summary: 'Have a link mailed with which a new password can be chosen',
    description: 'Answers the same whether there is such an account or not. The link is good for an hour, once.',
    public: true,
    status: 202,
  })
  requestReset(@Body() body: RequestPasswordReset, @Req() { ip }: FastifyRequest): Promise<void> {
    return this.requests.requestReset(body, ip);
  }

  @Post('password-resets/confirm')
  @NotStored()
  @Operation({
    summary: 'Choose a new password with the link that was mailed',
    description: 'Ends all sign-ins. 400 `link_invalid` for a link that is unknown, expired or spent.',
    public: true,
    answer: KnownDevice,
  })
  reset(@Body() body: ChoosePassword): Promise<KnownDevice> {
    return this.links.resetPassword(body);
  }

  @Post('invitations/accept')
  @NotStored()
  @Operation({
    summary: 'Choose the first password with the link of an invitation, and sign in',
    description: '400 `link_invalid` for a link that is unknown, expired or spent.',
    public: true,
    answer: SignedInPerson,
  })
  accept(@Body() body: ChoosePassword): Promise<SignedInPerson> {
    return this.links.acceptInvitation(body);
  }

  @Put('me/password')
  // two hashes each, of which the process makes a few dozen in a second
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: "Change one's own password",
    description: 'Ends all other sign-ins. 422 `password_wrong` when the current one is another.',
    status: 204,
    errors: [409, 422],
  })
  changePassword(
    @CurrentViewer() viewer: Viewer,
    @Body() body: ChangePassword,
    @Req() { credential }: FastifyRequest,
  ): Promise<void> {
    return this.auth.changePassword(viewer, body, credential);
  }
}
