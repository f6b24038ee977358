import { Body, Controller, Delete, Get, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { IdentityProviderResponse, PutIdentityProvider } from './identity-providers.dto.js';
import type { IdentityProvider } from './identity-providers.repository.js';
import { IdentityProvidersService } from './identity-providers.service.js';

@ApiTags('installation')
@Controller('tenants/:id/identity-provider')
export class IdentityProvidersController {
  constructor(private readonly providers: IdentityProvidersService) {}

  @Get()
  @Operation({
    summary: "Show a tenant's identity provider",
    permission: 'tenants:read',
    answer: IdentityProviderResponse,
    errors: [404],
  })
  get(@IdParam() tenantId: string): Promise<IdentityProvider> {
    return this.providers.get(tenantId);
  }

  @Put()
  @Operation({
    summary: "Set a tenant's identity provider",
    description:
      'Its tokens are then good as bearer tokens, where the tenant allows the sign-in method `oidc`. People are known ' +
      'by issuer and subject; the first time, by a verified e-mail address or by the `pid` claim.',
    permission: 'tenants:write',
    answer: IdentityProviderResponse,
    errors: [404, 409, 412],
  })
  put(
    @CurrentViewer() viewer: Viewer,
    @IdParam() tenantId: string,
    @Body() body: PutIdentityProvider,
    @IfMatch() version: number | undefined,
  ): Promise<IdentityProvider> {
    return this.providers.put(viewer, tenantId, body, version);
  }

  @Delete()
  @Operation({
    summary: "Forget a tenant's identity provider",
    description:
      'Who is linked to it stays linked, for the day it comes back. 409 `sign_in_method_last` where people have no ' +
      'other way in.',
    permission: 'tenants:write',
    status: 204,
    errors: [404, 409],
  })
  delete(@CurrentViewer() viewer: Viewer, @IdParam() tenantId: string): Promise<void> {
    return this.providers.delete(viewer, tenantId);
  }
}
