import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { createLocalJWKSet, type CryptoKey, errors, type FlattenedJWSInput, type JSONWebKeySet } from 'jose';
import type { JWSHeaderParameters } from 'jose';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { Problem } from '../http/problem.js';
import { Loop } from '../jobs/loop.js';
import type { IdentityProvider } from './identity-providers.repository.js';
import { isTrustedUrl } from './provider-url.js';

type Source = Pick<IdentityProvider, 'issuer' | 'jwksUri'>;

interface KeySet {
  readonly source: Source;
  /** Null: none were ever loaded. */
  keys: ReturnType<typeof createLocalJWKSet> | null;
  loading: Promise<void> | null;
  /** When loading was last begun, in milliseconds since 1970, and whether it failed. */
  triedAt: number;
  failed: boolean;
  usedAt: number;
}

const refreshSeconds = 600;
/** Tokens with keys that nobody knows make us ask the provider at most so often. */
const pauseMilliseconds = 10_000;
/** Leaves time for an answer before the request's own deadline. */
const longestLoadMilliseconds = 2_000;
const unusedMilliseconds = 86_400_000;
const longestDocument = 262_144;

/**
 * The keys of identity providers. What is known goes on working while a provider does not answer; a key that is not
 * known is looked for at once, and every ten minutes those that were withdrawn are forgotten.
 */
@Injectable()
export class ProviderKeys implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Identity');
  private readonly sets = new Map<string, KeySet>();
  private readonly loop = new Loop(refreshSeconds, () => this.refresh());

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.loop.stop();
  }

  /**
   * @throws JWKSNoMatchingKey when the provider has no such key
   * @throws Problem 503 when it is not known whether it has, because the provider does not answer
   */
  async find(source: Source, header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    const set = this.setOf(source);
    if (set.keys) {
      try {
        return await set.keys(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      }
    }
    const rests = this.clock.now().getTime() - set.triedAt < pauseMilliseconds;
    if (set.loading || !rests) await this.load(set);
    if (set.failed || !set.keys) throw Problem.unavailable('identity_provider_unavailable');
    return set.keys(header, token);
  }

  /** All that are in use, anew; never fails. */
  async refresh(): Promise<void> {
    const now = this.clock.now().getTime();
    for (const [name, { usedAt }] of this.sets) if (now - usedAt > unusedMilliseconds) this.sets.delete(name);
    await Promise.all([...this.sets.values()].map((set) => this.load(set)));
  }

  private setOf({ issuer, jwksUri }: Source): KeySet {
    const name = JSON.stringify([issuer, jwksUri]);
    const usedAt = this.clock.now().getTime();
    const known = this.sets.get(name);
    if (known) {
      known.usedAt = usedAt;
      return known;
    }
    const set = { source: { issuer, jwksUri }, keys: null, loading: null, triedAt: -Infinity, failed: false, usedAt };
    this.sets.set(name, set);
    return set;
  }

  /** Shared by all who ask meanwhile. */
  private load(set: KeySet): Promise<void> {
    return (set.loading ??= this.fetchKeys(set).finally(() => (set.loading = null)));
  }

  private async fetchKeys(set: KeySet): Promise<void> {
    const { issuer, jwksUri } = set.source;
    set.triedAt = this.clock.now().getTime();
    const signal = AbortSignal.timeout(longestLoadMilliseconds);
    try {
      const uri = jwksUri ?? (await this.discover(issuer, signal));
      set.keys = createLocalJWKSet((await this.fetchJson(uri, signal)) as JSONWebKeySet);
      set.failed = false;
    } catch (error) {
      set.failed = true;
      this.logger.warn(`the keys of ${issuer} could not be loaded`, error);
    }
  }

  /** OpenID Connect Discovery 1.0, 4: the document must name the issuer it was asked of. */
  private async discover(issuer: string, signal: AbortSignal): Promise<string> {
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const document = (await this.fetchJson(url, signal)) as { issuer?: unknown; jwks_uri?: unknown };
    if (document.issuer !== issuer) throw new Error('the document of discovery is that of another issuer');
    if (typeof document.jwks_uri === 'string') return document.jwks_uri;
    throw new Error('the document of discovery names no keys');
  }

  /** Bounded in time and size, and never anywhere else than where it was asked for. */
  private async fetchJson(url: string, signal: AbortSignal): Promise<unknown> {
    if (!isTrustedUrl(url, this.config.environment)) throw new Error('keys are fetched from https URLs alone');
    const response = await fetch(url, { redirect: 'error', signal, headers: { accept: 'application/json' } });
    if (!response.ok || !response.body) throw new Error(`the answer was ${response.status}`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > longestDocument) throw new Error(`the answer is longer than ${longestDocument} bytes`);
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  }
}
