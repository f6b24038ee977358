import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Problem } from '../http/problem.js';
import { ApiKeys, viewerOf } from './api-keys.js';
import type { KeyHolder } from './api-keys.repository.js';
import type { TokenResponse } from './oauth.dto.js';
import { TokensService } from '../auth/tokens.service.js';

type Refusal = 'invalid_request' | 'invalid_client' | 'unsupported_grant_type' | 'invalid_scope';

/** RFC 6749, 5.2: refusals of the token endpoint are JSON of its own form, where all others are problems. */
class TokenRefused extends Problem {
  constructor(
    private readonly error: Refusal,
    private readonly description: string,
  ) {
    super(error === 'invalid_client' ? 401 : 400, error, {
      detail: description,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        ...(error === 'invalid_client' && { 'www-authenticate': 'Basic realm="token"' }),
      },
    });
  }

  override toDocument(): object {
    return { error: this.error, error_description: this.description };
  }
}

/** OAuth 2.0 client credentials (RFC 6749, 4.4): the client is a service, its secret is any of its API keys. */
@Injectable()
export class OAuthService {
  constructor(
    private readonly keys: ApiKeys,
    private readonly tokens: TokensService,
    private readonly audit: AuditRecorder,
  ) {}

  /** @throws TokenRefused */
  async grant(form: unknown, authorization: string | undefined): Promise<TokenResponse> {
    const parameters = parametersOf(form);
    const holder = await this.authenticate(parameters, authorization);
    const { grant_type: grantType, scope } = parameters;
    if (grantType === undefined) throw new TokenRefused('invalid_request', 'The parameter grant_type is missing.');
    if (grantType !== 'client_credentials') {
      throw new TokenRefused('unsupported_grant_type', 'The grant type must be client_credentials.');
    }
    const scopes = narrow(holder.scopes, scope);
    const viewer = viewerOf({ ...holder, scopes });
    const credential = { kind: 'key', id: holder.keyId } as const;
    const issued = this.tokens.issue(viewer, credential, new Date(holder.expiresAt));
    await this.audit.record(viewer, {
      action: 'token.issued',
      targetType: 'key',
      targetId: holder.keyId,
      after: { scopes },
    });
    return {
      access_token: issued.accessToken,
      token_type: 'Bearer',
      expires_in: issued.expiresInSeconds,
      scope: scopes.join(' '),
    };
  }

  /** One answer for a client that is unknown and for a secret that is not, or no longer, one of its keys. */
  private async authenticate(parameters: Parameters, authorization: string | undefined): Promise<KeyHolder> {
    const { id, secret } = credentialsOf(parameters, authorization);
    const holder = await this.keys.find(secret);
    if (holder?.serviceId === id.toLowerCase()) return holder;
    throw new TokenRefused('invalid_client', 'There is no active client with this id and this secret.');
  }
}

type Parameters = Readonly<Partial<Record<string, string>>>;

/** RFC 6749, 3.2: none more than once, and one without a value counts as left out. */
function parametersOf(form: unknown): Parameters {
  if (!(form instanceof URLSearchParams)) {
    throw new TokenRefused('invalid_request', 'The body must be application/x-www-form-urlencoded.');
  }
  const parameters: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of form) {
    if (value === '') continue;
    if (name in parameters) throw new TokenRefused('invalid_request', 'A parameter is given more than once.');
    parameters[name] = value;
  }
  return parameters;
}

/** RFC 6749, 2.3.1: by HTTP Basic or in the body, and not both. */
function credentialsOf(parameters: Parameters, authorization: string | undefined): { id: string; secret: string } {
  const { client_id: id, client_secret: secret } = parameters;
  if (authorization === undefined) {
    if (id !== undefined && secret !== undefined) return { id, secret };
    throw new TokenRefused('invalid_client', 'The client must send its id and its secret.');
  }
  if (secret !== undefined) {
    throw new TokenRefused('invalid_request', 'The client must send its secret in one way only.');
  }
  const basic = readBasic(authorization);
  if (!basic) throw new TokenRefused('invalid_client', 'The client must authenticate by HTTP Basic.');
  if (id !== undefined && id !== basic.id) {
    throw new TokenRefused('invalid_request', 'The client names itself in two ways.');
  }
  return basic;
}

/** Id and secret are form-encoded before they are put together. */
function readBasic(authorization: string): { id: string; secret: string } | null {
  const encoded = /^basic ([\w+/=-]+)$/i.exec(authorization)?.[1];
  const [id, secret] = encoded ? Buffer.from(encoded, 'base64').toString().split(':', 2) : [];
  if (id === undefined || secret === undefined) return null;
  try {
    return { id: decodeURIComponent(id), secret: decodeURIComponent(secret) };
  } catch {
    return null;
  }
}

function narrow(held: readonly string[], scope: string | undefined): readonly string[] {
  const wanted = new Set(scope?.split(' ').filter(Boolean) ?? held);
  const scopes = held.filter((one) => wanted.has(one));
  if (scopes.length === wanted.size && scopes.length > 0) return scopes;
  throw new TokenRefused('invalid_scope', 'The service does not have all of these scopes.');
}
