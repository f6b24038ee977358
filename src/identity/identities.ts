import { Injectable, type OnModuleInit } from '@nestjs/common';
import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { type Authenticator, Authenticators, type Verified } from '../auth/authenticators.js';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { readPerson, textOf } from './claims.js';
import { IdentityProvidersRepository, type TenantProvider } from './identity-providers.repository.js';
import { IdentityPeople } from './identity-people.js';
import { ProviderKeys } from './provider-keys.js';

/** How long a token is believed by requests that only read, whatever it says itself. */
const rememberedMilliseconds = 300_000;
const skewSeconds = 30;
/** ID tokens and access tokens (RFC 9068), but not what is signed with the same keys to log somebody out. */
const types = new Set([undefined, 'jwt', 'at+jwt', 'application/at+jwt']);

/** Knows people by the tokens of the identity providers that their tenants trust. */
@Injectable()
export class Identities implements Authenticator, OnModuleInit {
  constructor(
    private readonly config: Config,
    private readonly providers: IdentityProvidersRepository,
    private readonly keys: ProviderKeys,
    private readonly people: IdentityPeople,
    private readonly authenticators: Authenticators,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.authenticators.add(this);
  }

  /** Tokens that say they are somebody else's. */
  recognises(token: string): boolean {
    const issuer = claimsOf(token)?.iss;
    return typeof issuer === 'string' && issuer !== this.config.auth.issuer;
  }

  /**
   * @throws Problem 401 `identity_unknown` for who is nobody here, 503 while the provider does not answer and its key
   *   is not known
   */
  async verify(token: string): Promise<Verified | null> {
    const provider = await this.providerOf(token);
    const claims = provider && (await this.check(token, provider));
    const person = claims && readPerson(claims, provider);
    if (!person) return null;
    const current = await this.people.viewerOf(provider, person);
    const ends = [claims.exp! * 1000, this.clock.now().getTime() + rememberedMilliseconds];
    if (current.until) ends.push(current.until.getTime());
    return { viewer: current.viewer, credential: { kind: 'identity' }, expiresAt: Math.min(...ends) };
  }

  /**
   * Of all tenants that trust the issuer, the one that the token means. Read before the signature is checked, which
   * then is that of this very provider over this very text. Several that fit are as good as none.
   */
  private async providerOf(token: string): Promise<TenantProvider | null> {
    const claims = claimsOf(token);
    const issuer = claims && textOf(claims, 'iss', 500);
    if (issuer === undefined || issuer === null) return null;
    const providers = await this.providers.listByIssuer(issuer);
    const fitting = providers.filter(({ tenantSlug, claims: { tenant } }) =>
      tenant === undefined ? providers.length === 1 : claims![tenant] === tenantSlug,
    );
    return fitting.length === 1 && fitting[0]!.isOpen ? fitting[0]! : null;
  }

  private async check(token: string, provider: TenantProvider): Promise<JWTPayload | null> {
    try {
      const { payload, protectedHeader } = await jwtVerify(
        token,
        (header, jws) => this.keys.find(provider, header, jws),
        {
          issuer: provider.issuer,
          audience: provider.audience,
          algorithms: [...provider.algorithms],
          requiredClaims: ['sub', 'exp'],
          clockTolerance: skewSeconds,
          currentDate: this.clock.now(),
        },
      );
      const isToken = types.has(protectedHeader.typ?.toLowerCase());
      // the tolerance is for tokens from the future: one that has expired is not remembered and so not good
      return isToken && payload.exp! * 1000 > this.clock.now().getTime() ? payload : null;
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  }
}

/** Unverified. @returns null for what is no token at all */
function claimsOf(token: string): JWTPayload | null {
  try {
    return decodeJwt(token);
  } catch {
    return null;
  }
}
