import { Body, Controller, Header, Post, Req } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBody, ApiConsumes, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { NotStored } from '../http/idempotency.js';
import { Operation } from '../http/operation.js';
import { TokenRefusal, TokenRequest, TokenResponse } from './oauth.dto.js';
import { OAuthService } from './oauth.service.js';

@ApiTags('auth')
@Controller('oauth')
export class OAuthController {
  constructor(private readonly oauth: OAuthService) {}

  @Post('token')
  @NotStored()
  @RouteConfig({ takesForm: true })
  @Header('pragma', 'no-cache')
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ type: TokenRequest })
  @ApiResponse({ status: 400, description: 'The request, its grant type or a scope', type: TokenRefusal })
  @ApiResponse({ status: 401, description: 'Id and secret do not match', type: TokenRefusal })
  @Operation({
    summary: 'Get an access token for a service',
    description:
      'OAuth 2.0 client credentials (RFC 6749, 4.4). The client is a service, its secret one of its API keys, sent by ' +
      'HTTP Basic or in the form. Once the key is revoked, what came of it writes no more.',
    public: true,
    answer: TokenResponse,
    example: {
      access_token: 'eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln',
      token_type: 'Bearer',
      expires_in: 600,
      scope: 'sessions:write students:read',
    },
  })
  token(@Body() form: unknown, @Req() { headers }: FastifyRequest): Promise<TokenResponse> {
    return this.oauth.grant(form, headers.authorization);
  }
}
