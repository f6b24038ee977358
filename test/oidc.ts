import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Configuration } from 'oidc-provider';

type Claims = Readonly<Record<string, unknown>>;

/** A real identity provider on loopback. A person is a client of it, which gets a token by asking and no more. */
export interface IdentityServer {
  readonly issuer: string;
  /** A JWT access token with this subject, one of `subjects`, signed by what is the provider's key at present. */
  token(subject: string, claims?: Claims, audience?: string): Promise<string>;
  /** Another key in place of the one there is. */
  rotate(): void;
  /** How often its keys were asked for. */
  readonly keysAsked: number;
  /** While true requests are taken and not answered. */
  silent: boolean;
  stop(): Promise<void>;
  /** Again, at the same address. */
  start(): Promise<void>;
}

/** Known to every server. */
export const subjects = Array.from({ length: 60 }, (_, index) => `person-${index}`);

const secret = 'a secret of this test, known to nobody else';

export async function startIdentityServer(audience: string): Promise<IdentityServer> {
  let handle: ReturnType<Provider['callback']>;
  let port = 0;
  let server: Server;
  let keysAsked = 0;
  const claimsOf = new Map<string, Claims>();
  const listen = async (): Promise<void> => {
    server = createServer((request, response) => {
      if (identity.silent) return;
      if (request.url === '/jwks') keysAsked++;
      void handle(request, response);
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  };
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const rotate = (): void => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'RS256', use: 'sig' };
    handle = new Provider(identity.issuer, configuration(key, claimsOf)).callback();
  };
  const token = async (subject: string, claims: Claims = {}, resource = audience): Promise<string> => {
    claimsOf.set(subject, claims);
    const response = await fetch(`${identity.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${subject}:${encodeURIComponent(secret)}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource }),
    });
    const body = (await response.json()) as { access_token?: string };
    if (!body.access_token) throw new Error(JSON.stringify(body));
    return body.access_token;
  };
  const identity = {
    issuer: '',
    silent: false,
    get keysAsked() {
      return keysAsked;
    },
    token,
    rotate,
    stop,
    start: listen,
  };
  await listen();
  identity.issuer = `http://127.0.0.1:${port}`;
  rotate();
  return identity;
}

/** What it would store are tokens that are no JWTs. */
class Forgetful {
  upsert(): Promise<void> {
    return Promise.resolve();
  }

  find(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

function configuration(key: object, claimsOf: ReadonlyMap<string, Claims>): Configuration {
  return {
    adapter: Forgetful,
    ttl: { ClientCredentials: 7_200 },
    jwks: { keys: [key] },
    clients: subjects.map((client_id) => ({
      client_id,
      client_secret: secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, audience) => ({
          scope: '',
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 7_200,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    extraTokenClaims: (_, token) => ({ ...claimsOf.get(token.clientId) }),
  };
}
