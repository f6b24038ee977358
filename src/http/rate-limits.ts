import { isIPv4 } from 'node:net';
import { type CanActivate, type ExecutionContext, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { Problem } from './problem.js';
import { RequestCounts } from './request-counts.js';
import type { Viewer } from './viewer.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Set with `@RouteConfig`: `expensive` routes have a sharper limit, `search` is expensive where the query searches,
     * `none` is for probes that come as often as somebody else decides.
     */
    rateLimit?: 'expensive' | 'search' | 'none';
  }
}

type Name = keyof Config['rateLimits']['requests'];

/**
 * How many requests per window: by user or service once it is known who asks, by address before that. The guard that
 * knows the viewer has them counted before it asks anybody else; those of nobody are counted here, behind it. Every
 * answer says what is left, as draft-ietf-httpapi-ratelimit-headers has it.
 */
@Injectable()
export class RateLimits implements CanActivate, OnApplicationShutdown {
  private readonly limits: Readonly<Record<Name, number>>;
  private readonly policies: Readonly<Record<Name, string>>;
  private readonly counts: RequestCounts;

  constructor(
    { rateLimits: { windowSeconds, requests }, redisUrl }: Config,
    private readonly clock: Clock,
  ) {
    this.limits = requests;
    const policies = Object.entries(requests).map(([name, limit]) => [name, `"${name}";q=${limit};w=${windowSeconds}`]);
    this.policies = Object.fromEntries(policies) as Record<Name, string>;
    this.counts = new RequestCounts(windowSeconds * 1000, clock, redisUrl);
  }

  /** @throws Problem 429 with the seconds until the window ends */
  canActivate(context: ExecutionContext): true {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    if (!request.viewer) this.count(request, http.getResponse<FastifyReply>());
    return true;
  }

  /**
   * Counts a request of a viewer who is known, also one that will be refused.
   * @throws Problem 429 with the seconds until the window ends
   */
  admitViewer(request: FastifyRequest, reply: FastifyReply, viewer: Viewer): void {
    this.count(request, reply, viewer);
  }

  /**
   * Counts credentials that are about to be looked at for the first time, which costs a signature or a statement each.
   * @throws Problem 429 for an address that sends too many of them
   */
  admitStranger(request: FastifyRequest, reply: FastifyReply): void {
    this.admit(reply, 'address', networkOf(request.ip));
  }

  onApplicationShutdown(): void {
    this.counts.close();
  }

  private count(request: FastifyRequest, reply: FastifyReply, viewer?: Viewer): void {
    const kind = request.routeOptions.config.rateLimit;
    if (kind !== 'none') this.admit(reply, ...this.applies(request, kind, viewer));
  }

  private applies(
    request: FastifyRequest,
    kind: 'expensive' | 'search' | undefined,
    viewer: Viewer | undefined,
  ): [Name, string] {
    const { method } = request;
    if (!viewer) {
      // whoever changes something without being known is about to become known: sign-ins, resets, tokens
      return [method === 'GET' || method === 'HEAD' ? 'address' : 'signIn', networkOf(request.ip)];
    }
    const isExpensive = kind === 'expensive' || (kind === 'search' && 'search' in (request.query as object));
    const name = isExpensive ? 'expensive' : viewer.role === 'service' ? 'service' : 'user';
    return [name, `${viewer.tenantId}/${viewer.userId}`];
  }

  private admit(reply: FastifyReply, name: Name, whose: string): void {
    const limit = this.limits[name];
    const key = `${name}:${whose}`;
    const counted = this.counts.find(key);
    const isIn = counted.count < limit;
    if (isIn) this.counts.add(key, counted);
    const seconds = Math.max(1, Math.ceil((counted.endsAt - this.clock.now().getTime()) / 1000));
    reply.header('ratelimit-policy', this.policies[name]);
    reply.header('ratelimit', `"${name}";r=${Math.max(0, limit - counted.count)};t=${seconds}`);
    if (isIn) return;
    const detail = `More than ${limit} requests. The next one is taken in ${seconds} s.`;
    throw new Problem(429, 'rate_exceeded', { detail, headers: { 'retry-after': String(seconds) } });
  }
}

/** An IPv4 address, or the /64 of an IPv6 address: that is what one subscriber gets, all of whose addresses are theirs. */
export function networkOf(address: string): string {
  const mapped = address.slice(address.lastIndexOf(':') + 1);
  if (isIPv4(mapped)) return mapped;
  const [head = '', tail] = address.split('::') as [string, string?];
  const before = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].slice(0, 4).join(':');
}
