import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Problem } from '../http/problem.js';
import { idsOf, peoplesRoutes } from '../http/request.js';
import type { Viewer } from '../http/viewer.js';
import { AuditRecorder } from './audit.recorder.js';

/** Of one person or service, in a process; what goes beyond is counted, and the count is on record. */
const mostOfActor = 20;
const windowSeconds = 60;
/** Of actors who were refused lately. */
const mostWindows = 10_000;

interface Window {
  readonly viewer: Viewer;
  readonly timer: NodeJS.Timeout;
  recorded: number;
  counted: number;
}

const prefix = '/api/v1';

/**
 * Puts on record what somebody who is known was refused: 403, and 404 for what is not there or not theirs. By then the
 * transaction is undone and the answer not yet on its way.
 */
@Injectable()
export class Refusals implements OnApplicationShutdown {
  private readonly logger = new Logger('Audit');
  private readonly windows = new Map<string, Window>();

  constructor(private readonly audit: AuditRecorder) {}

  /** Never rejects: what cannot be written down is refused all the same. */
  async record(request: FastifyRequest, { status, code }: Problem): Promise<void> {
    const { viewer, template } = request;
    if (!viewer || template === undefined || (status !== 403 && status !== 404)) return;
    const ids = idsOf(request);
    // what is not named by an id is no row of anybody's, unless the body names it
    const isNamed = Object.keys(ids).length > 0 || (request.method !== 'GET' && !template.includes('/:'));
    if (status === 404 && !isNamed) return;
    const window = this.windowOf(viewer);
    if (window.recorded >= mostOfActor) return void window.counted++;
    window.recorded++;
    await this.write(request, viewer, {
      targetId: `${request.method} ${template.slice(prefix.length)}`,
      personId: peoplesRoutes.test(template) ? (ids['id'] ?? null) : null,
      after: Object.keys(ids).length > 0 ? ids : undefined,
      reason: code,
    });
  }

  /** Writes down what was only counted so far. */
  async flush(): Promise<void> {
    for (const key of [...this.windows.keys()]) await this.close(key);
  }

  onApplicationShutdown(): Promise<void> {
    return this.flush();
  }

  private windowOf(viewer: Viewer): Window {
    const key = `${viewer.tenantId}/${viewer.userId}`;
    let window = this.windows.get(key);
    if (!window) {
      const [oldest] = this.windows.keys();
      if (oldest !== undefined && this.windows.size >= mostWindows) void this.close(oldest);
      const timer = setTimeout(() => void this.close(key), windowSeconds * 1000).unref();
      window = { viewer, timer, recorded: 0, counted: 0 };
      this.windows.set(key, window);
    }
    return window;
  }

  private async close(key: string): Promise<void> {
    const window = this.windows.get(key);
    if (!window) return;
    this.windows.delete(key);
    clearTimeout(window.timer);
    const { viewer, counted } = window;
    if (counted > 0)
      await this.write(undefined, viewer, { personId: null, after: { further: counted }, reason: 'too_many' });
  }

  private async write(
    request: FastifyRequest | undefined,
    viewer: Viewer,
    entry: { targetId?: string; personId: string | null; after?: object; reason: string },
  ): Promise<void> {
    try {
      const what = { action: 'request.refused', targetType: 'operation', result: 'refused' as const };
      await this.audit.recordAll(viewer.tenantId, [{ actor: viewer, request, entry: { ...what, ...entry } }]);
    } catch (error) {
      this.logger.warn({ message: 'a refusal is not on record', err: error });
    }
  }
}
