import { createParamDecorator, ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Who is asking. The guard of `auth` puts it on the request. */
export interface Viewer {
  readonly tenantId: string;
  readonly userId: string;
  readonly role: 'student' | 'instructor' | 'supervisor' | 'admin' | 'service' | 'operator';
  readonly departmentId: string | null;
  /** Instructors this one stands in for at present: their rosters are as this one's own. */
  readonly rosters?: readonly string[];
  /** What this service was given of its role's permissions; left out: all of them. */
  readonly scopes?: readonly string[];
}

/** The user who is asking: a service is none. */
export function personOf({ role, userId }: Viewer): string | null {
  return role === 'service' ? null : userId;
}

/** What a viewer showed: a sign-in of a person, an API key, or the word of another identity provider. */
export type Credential =
  | { readonly kind: 'sign-in'; readonly id: string }
  | { readonly kind: 'key'; readonly id: string }
  | { readonly kind: 'identity' };

/** The viewer of a route that is not public. */
export const CurrentViewer = createParamDecorator((_: unknown, context: ExecutionContext): Viewer => {
  const { viewer } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!viewer) throw new Error('a route that wants a viewer must not be public');
  return viewer;
});
