import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.js';
import { RateLimits } from '../http/rate-limits.js';
import type { Viewer } from '../http/viewer.js';
import { Authenticators, tokenOf, type Verified } from './authenticators.js';
import { holds, type Permission } from './permissions.js';
import { Routes } from './routes.js';
import { VerifiedTokens } from './verified-tokens.js';

/**
 * In front of every route: puts the viewer on the request, and lets in who may do what the route demands. A read
 * believes a verified token until it ends, and asks nobody; a request that writes asks who the viewer is by now.
 */
@Injectable()
export class ViewerGuard implements CanActivate {
  constructor(
    private readonly routes: Routes,
    private readonly remembered: VerifiedTokens,
    private readonly authenticators: Authenticators,
    private readonly limits: RateLimits,
  ) {}

  canActivate(context: ExecutionContext): true | Promise<true> {
    const demand = this.routes.demandOf(context.getHandler());
    if (demand === 'public') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const token = tokenOf(request);
    if (token === null) throw Problem.ofStatus(401)!;
    const verified = this.remembered.find(token);
    if (verified && isReading(request)) return admit(request, verified.viewer, verified, demand);
    if (!verified) this.limits.admitStranger(request, context.switchToHttp().getResponse<FastifyReply>());
    return this.judge(request, token, verified, demand);
  }

  private async judge(
    request: FastifyRequest,
    token: string,
    remembered: Verified | null,
    demand: Permission | null,
  ): Promise<true> {
    const verified = remembered ?? (await this.authenticators.verify(token));
    if (!verified) throw tokenInvalid();
    if (!remembered) this.remembered.remember(token, verified);
    const viewer = isReading(request) ? verified.viewer : await this.authenticators.recall(verified);
    if (!viewer) throw tokenInvalid();
    return admit(request, viewer, verified, demand);
  }
}

function isReading({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

function admit(request: FastifyRequest, viewer: Viewer, { credential }: Verified, demand: Permission | null): true {
  request.viewer = viewer;
  request.credential = credential;
  if (demand === null || holds(viewer, demand)) return true;
  throw new Problem(403, 'permission_denied', { detail: `This needs the permission ${demand}.` });
}

function tokenInvalid(): Problem {
  return new Problem(401, 'token_invalid', {
    detail: 'The access token is not valid, or no longer. Sign in again.',
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  });
}
