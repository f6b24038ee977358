import { Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { PERMISSION } from '../http/operation.js';
import { PUBLIC } from '../http/public.js';
import { isPermission, type Permission } from './permissions.js';

/** What a route demands: nothing, a signed-in viewer (`null`), or one with a permission. */
export type Demand = 'public' | Permission | null;

/**
 * What every route demands, read once when the application starts. Refuses to start when a route demands what nobody
 * can hold; a handler that is not found here is never run.
 */
@Injectable()
export class Routes implements OnModuleInit {
  private readonly demands = new Map<unknown, Demand>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  onModuleInit(): void {
    const problems: string[] = [];
    for (const { metatype } of this.discovery.getControllers()) {
      const controller = metatype as Type;
      const methods = controller.prototype as Record<string, object>;
      for (const name of this.scanner.getAllMethodNames(methods)) {
        const handler = methods[name]!;
        if (!Reflect.hasMetadata(PATH_METADATA, handler)) continue;
        const problem = this.add(controller, handler);
        if (problem) problems.push(`${controller.name}.${name} ${problem}`);
      }
    }
    if (problems.length > 0) throw new Error(`The routes are wrong:\n  ${problems.join('\n  ')}`);
  }

  /** @throws Error for a handler that was not there at the start */
  demandOf(handler: unknown): Demand {
    const demand = this.demands.get(handler);
    if (demand === undefined) throw new Error('a route that nobody has looked at is not open to anybody');
    return demand;
  }

  private add(controller: Type, handler: object): string | null {
    const isPublic = [handler, controller].some((target) => Reflect.getMetadata(PUBLIC, target) === true);
    const permission = Reflect.getMetadata(PERMISSION, handler) as string | undefined;
    if (isPublic && permission !== undefined) return `is public and demands ${permission}`;
    if (permission !== undefined && !isPermission(permission)) return `demands ${permission}, which nobody can hold`;
    const demand: Demand = isPublic ? 'public' : (permission ?? null);
    const other = this.demands.get(handler);
    if (other !== undefined && other !== demand) return 'is inherited by controllers that demand different things';
    this.demands.set(handler, demand);
    return null;
  }
}
