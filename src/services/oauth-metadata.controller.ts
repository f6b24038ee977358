import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Config } from '../config.js';
import { Operation } from '../http/operation.js';
import { Problem } from '../http/problem.js';
import { AuthorizationServerMetadata } from './oauth.dto.js';
import { serviceScopes } from './services.dto.js';

/** RFC 8414, for clients that find everything by the issuer of the tokens. */
@ApiTags('auth')
@Controller('.well-known')
export class OAuthMetadataController {
  constructor(private readonly config: Config) {}

  @Get('oauth-authorization-server')
  @Operation({
    summary: 'Where and how services get access tokens',
    description: 'RFC 8414. Only where the issuer of tokens, `JWT_ISSUER`, is the URL of this server.',
    public: true,
    answer: AuthorizationServerMetadata,
    errors: [404],
  })
  show(): AuthorizationServerMetadata {
    const { issuer } = this.config.auth;
    if (!/^https?:\/\//.test(issuer)) throw Problem.notFound('authorization_server');
    const base = issuer.replace(/\/$/, '');
    return {
      issuer,
      token_endpoint: `${base}/api/v1/oauth/token`,
      jwks_uri: `${base}/.well-known/jwks.json`,
      scopes_supported: serviceScopes,
      response_types_supported: [],
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    };
  }
}
