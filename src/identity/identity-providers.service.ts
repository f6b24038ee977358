import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { type FieldError, Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import type { PutIdentityProvider } from './identity-providers.dto.js';
import { type IdentityProvider, IdentityProvidersRepository } from './identity-providers.repository.js';
import { isTrustedUrl } from './provider-url.js';

/** Which issuers tenants trust. Operators decide: to trust a signer is to let it say who anybody is. */
@Injectable()
export class IdentityProvidersService {
  constructor(
    private readonly database: Database,
    private readonly providers: IdentityProvidersRepository,
    private readonly audit: AuditRecorder,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  async get(tenantId: string): Promise<IdentityProvider> {
    const provider = await this.providers.find(tenantId);
    if (!provider) throw Problem.notFound('identity_provider');
    return provider;
  }

  /**
   * @param version that the client has read; undefined where it does not mind
   * @throws Problem 400 for a URL that is not to be trusted, 404, 409 where others would share the issuer and nothing
   *   in a token told whose it is or where nobody could come in any more, 412
   */
  put(viewer: Viewer, tenantId: string, body: PutIdentityProvider, version?: number): Promise<IdentityProvider> {
    this.demandTrustedUrls(body);
    return this.database.transaction(async () => {
      const before = await this.lock(tenantId, body.isActive);
      if (version !== undefined && version !== before?.version) throw Problem.versionMismatch();
      await this.providers.hold();
      const { others, unnamed } = await this.providers.countOthers(tenantId, body.issuer);
      if (unnamed > 0 || (others > 0 && body.claims.tenant === undefined)) {
        const detail = 'Another tenant has this issuer: each of them must name the claim that tells the tenant.';
        throw Problem.conflict('issuer_shared', detail, '/claims/tenant');
      }
      const settings = { ...body, jwksUri: body.jwksUri ?? null };
      const after = await this.providers.upsert(tenantId, settings, this.clock.now());
      await this.record(viewer, tenantId, 'identity_provider.changed', before, after);
      return after;
    });
  }

  /** @throws Problem 404, 409 where nobody could come in any more */
  delete(viewer: Viewer, tenantId: string): Promise<void> {
    return this.database.transaction(async () => {
      const before = await this.lock(tenantId, false);
      if (!before) throw Problem.notFound('identity_provider');
      await this.providers.delete(tenantId);
      await this.record(viewer, tenantId, 'identity_provider.deleted', before, null);
    });
  }

  /** The provider as it is until the transaction ends. @param isWanted whether people may come in by it afterwards */
  private async lock(tenantId: string, isWanted: boolean): Promise<IdentityProvider | null> {
    const methods = await this.providers.lockSignInMethods(tenantId);
    if (!methods) throw Problem.notFound('tenant');
    const before = await this.providers.find(tenantId);
    if (before && !isWanted && !methods.includes('password')) {
      const detail = 'People of this tenant have no other way in; it must allow the sign-in method `password` first.';
      throw Problem.conflict('sign_in_method_last', detail);
    }
    return before;
  }

  /** For those who run the installation, and for those of the tenant. */
  private async record(
    viewer: Viewer,
    tenantId: string,
    action: string,
    before: IdentityProvider | null,
    after: IdentityProvider | null,
  ): Promise<void> {
    const entry = { action, targetType: 'tenant', targetId: tenantId, before, after };
    await this.audit.record(viewer, entry);
    await this.audit.record({ ...viewer, tenantId }, entry);
  }

  private demandTrustedUrls({ issuer, jwksUri }: PutIdentityProvider): void {
    const { environment, auth } = this.config;
    const errors: FieldError[] = [];
    const refuse = (pointer: string, detail: string): number => errors.push({ pointer, code: 'value_invalid', detail });
    if (!isTrustedUrl(issuer, environment)) refuse('/issuer', 'must be an https URL');
    else if (issuer === auth.issuer) refuse('/issuer', 'must not be the issuer of our own tokens');
    if (jwksUri !== undefined && !isTrustedUrl(jwksUri, environment)) refuse('/jwksUri', 'must be an https URL');
    if (errors.length > 0) throw Problem.invalid(errors);
  }
}
