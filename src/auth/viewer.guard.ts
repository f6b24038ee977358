import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.js';
import { RateLimits } from '../http/rate-limits.js';
import { TAKES_TICKET } from '../http/ticket.js';
import type { Viewer } from '../http/viewer.js';
import { Authenticators, tokenOf, type Verified } from './authenticators.js';
import { holds, type Permission } from './permissions.js';
import { Routes } from './routes.js';
import { Tickets } from './tickets.js';
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
    private readonly tickets: Tickets,
  ) {}

  canActivate(context: ExecutionContext): true | Promise<true> {
    const demand = this.routes.demandOf(context.getHandler());
    if (demand === 'public') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const token = tokenOf(request);
    if (token === null) return this.readTicket(context, request, reply, demand);
    const verified = this.remembered.find(token);
    if (verified) return this.proceed(request, reply, verified, demand);
    this.limits.admitStranger(request, reply);
    return this.verify(request, reply, token, demand);
  }

  private readTicket(
    context: ExecutionContext,
    request: FastifyRequest,
    reply: FastifyReply,
    demand: Permission | null,
  ): true | Promise<true> {
    const { ticket } = request.query as { readonly ticket?: unknown };
    const isTaken = Reflect.getMetadata(TAKES_TICKET, context.getHandler()) === true;
    if (!isTaken || typeof ticket !== 'string') throw Problem.ofStatus(401)!;
    this.limits.admitStranger(request, reply);
    const verified = this.tickets.read(ticket);
    if (!verified) throw tokenInvalid();
    return this.proceed(request, reply, verified, demand);
  }

  private async verify(
    request: FastifyRequest,
    reply: FastifyReply,
    token: string,
    demand: Permission | null,
  ): Promise<true> {
    const verified = await this.authenticators.verify(token);
    if (!verified) throw tokenInvalid();
    this.remembered.remember(token, verified);
    return this.proceed(request, reply, verified, demand);
  }

  /** Counts first: what is going to be refused costs a statement too, if it wants to write. */
  private proceed(
    request: FastifyRequest,
    reply: FastifyReply,
    verified: Verified,
    demand: Permission | null,
  ): true | Promise<true> {
    this.limits.admitViewer(request, reply, verified.viewer);
    return isReading(request)
      ? admit(request, verified.viewer, verified, demand)
      : this.recall(request, verified, demand);
  }

  private async recall(request: FastifyRequest, verified: Verified, demand: Permission | null): Promise<true> {
    const viewer = await this.authenticators.recall(verified);
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
