/** As much of the package, which comes without types, as the tests use. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  export interface Configuration {
    readonly adapter: new () => object;
    readonly ttl: { readonly ClientCredentials: number };
    readonly jwks: { readonly keys: readonly object[] };
    readonly clients: readonly object[];
    readonly features: {
      readonly devInteractions: { readonly enabled: boolean };
      readonly clientCredentials: { readonly enabled: boolean };
      readonly resourceIndicators: {
        readonly enabled: boolean;
        readonly getResourceServerInfo: (context: unknown, audience: string) => object;
      };
    };
    readonly extraTokenClaims: (context: unknown, token: { readonly clientId: string }) => object;
  }

  export default class Provider {
    constructor(issuer: string, configuration: Configuration);
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  }
}
