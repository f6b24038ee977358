import { createParamDecorator, ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Who is asking. The guard of `auth` puts it on the request. */
export interface Viewer {
  readonly tenantId: string;
  readonly userId: string;
  readonly role: 'student' | 'instructor' | 'supervisor' | 'admin' | 'service';
  readonly departmentId: string | null;
  /** IANA name; days of this tenant are cut in it. */
  readonly timeZone?: string;
}

/** The viewer of a route that is not public. */
export const CurrentViewer = createParamDecorator((_: unknown, context: ExecutionContext): Viewer => {
  const { viewer } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!viewer) throw new Error('a route that wants a viewer must not be public');
  return viewer;
});
