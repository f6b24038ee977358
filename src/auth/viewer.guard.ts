import { type ExecutionContext, Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { bearerOf, type Verified } from './bearer.strategy.js';
import { holds, type Permission } from './permissions.js';
import { Routes } from './routes.js';
import { VerifiedTokens } from './verified-tokens.js';

/** In front of every route: puts the viewer on the request, and lets in who may do what the route demands. */
@Injectable()
export class ViewerGuard extends AuthGuard('jwt') {
  constructor(
    private readonly routes: Routes,
    private readonly verified: VerifiedTokens,
  ) {
    super();
  }

  override canActivate(context: ExecutionContext): true | Promise<true> {
    const demand = this.routes.demandOf(context.getHandler());
    if (demand === 'public') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const token = bearerOf(request);
    if (token === null) throw Problem.ofStatus(401)!;
    const viewer = this.verified.find(token);
    return viewer ? admit(request, viewer, demand) : this.verify(context, request, token, demand);
  }

  /** Called by Passport with what the strategy found, or with `false`. */
  override handleRequest<T>(error: unknown, verified: T | false | null): T {
    if (error) throw error;
    if (verified) return verified;
    throw new Problem(401, 'token_invalid', {
      detail: 'The access token is not valid, or no longer. Sign in again.',
      headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    });
  }

  private async verify(
    context: ExecutionContext,
    request: FastifyRequest & { user?: Verified },
    token: string,
    demand: Permission | null,
  ): Promise<true> {
    await super.canActivate(context);
    const verified = request.user!;
    this.verified.remember(token, verified);
    return admit(request, verified.viewer, demand);
  }
}

function admit(request: FastifyRequest, viewer: Viewer, demand: Permission | null): true {
  request.viewer = viewer;
  if (demand === null || holds(viewer.role, demand)) return true;
  throw new Problem(403, 'permission_denied', { detail: `This needs the permission ${demand}.` });
}
