import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { Handles, type Handler, type JobDefinition } from './job.js';

export interface Binding {
  readonly definition: JobDefinition;
  readonly handle: Handler;
}

/** Finds the methods marked with {@link Handles} and binds them to the jobs of the catalogue. */
@Injectable()
export class Handlers {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  /**
   * By the name of the job.
   * @throws Error naming every job that does not have exactly one handler
   */
  bind(jobs: readonly JobDefinition[]): Map<string, Binding> {
    const found = this.find();
    const problems: string[] = [];
    const bindings = new Map<string, Binding>();
    for (const definition of jobs) {
      const own = found.filter(({ name }) => name === definition.name);
      if (bindings.has(definition.name)) problems.push(`job ${definition.name} is in the catalogue twice`);
      if (own.length === 0) problems.push(`job ${definition.name} has no handler`);
      if (own.length > 1) {
        problems.push(`job ${definition.name} has ${own.length} handlers: ${own.map(({ at }) => at).join(', ')}`);
      }
      if (own[0]) bindings.set(definition.name, { definition, handle: own[0].handle });
    }
    for (const { name, at } of found) {
      if (!bindings.has(name)) problems.push(`${at} handles job ${name}, which is not in the catalogue`);
    }
    if (problems.length > 0) throw new Error(`The jobs are wrong:\n  ${problems.join('\n  ')}`);
    return bindings;
  }

  private find(): { name: string; at: string; handle: Handler }[] {
    return this.discovery.getProviders().flatMap(({ instance, name: provider }) => {
      if (!instance || typeof instance !== 'object') return [];
      const methods = instance as Record<string, unknown>;
      return this.scanner.getAllMethodNames(Object.getPrototypeOf(instance) as object | null).flatMap((key) => {
        const method = methods[key];
        const job = typeof method === 'function' ? this.reflector.get(Handles, method) : undefined;
        if (!job) return [];
        const handle = (method as Handler).bind(instance) as Handler;
        return [{ name: job.name, at: `${String(provider)}.${key}`, handle }];
      });
    });
  }
}
