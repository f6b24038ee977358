import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../database/clock.js';
import { addDays, localDay } from '../org/local-day.js';
import { type Tenant, TenantsRepository } from '../org/tenants.repository.js';
import type { History, SessionInput } from './history-loader.js';
import { ImportsRepository } from './imports.repository.js';
import { type Enrolment, materials, type OuladExtract, OuladFiles, type Presentation } from './oulad-files.js';
import { daysBefore, moduleId, ouladId, type OuladPlan, planOulad } from './oulad-plan.js';
import { planOuladWork } from './oulad-work.js';
import { type Filled, TenantImport } from './tenant-import.js';

export interface OuladOptions {
  /** In the format of the extracts that `docs/oulad-mapping.md` names. */
  readonly folder: string;
  /** The day of the presentations that is today; the last day of the longest one where it is not given. */
  readonly asOfDay?: number;
  readonly tenantSlug?: string;
  /** A tenant for each presentation in place of one for all. */
  readonly perPresentation?: boolean;
}

export interface OuladResult extends Filled {
  readonly tenant: Tenant;
  readonly students: number;
}

/** Brings an extract of the Open University Learning Analytics Dataset in. Again and again, with the same result. */
@Injectable()
export class OuladImport {
  constructor(
    private readonly repository: ImportsRepository,
    private readonly tenants: TenantsRepository,
    private readonly tenantImport: TenantImport,
    private readonly clock: Clock,
  ) {}

  /** @throws Error in one line when the folder or the options do not fit */
  async run({ folder, ...options }: OuladOptions): Promise<OuladResult[]> {
    const files = new OuladFiles(folder);
    if ((await files.presentations()).length === 0) throw new Error(`${folder} has no presentations`);
    return this.bringIn(files, options);
  }

  /** @throws Error in one line when the options do not fit */
  async bringIn(files: OuladExtract, options: Omit<OuladOptions, 'folder'>): Promise<OuladResult[]> {
    const presentations = await files.presentations();
    const enrolments = await files.enrolments();
    const asOfDay = options.asOfDay ?? Math.max(...presentations.map(({ lengthDays }) => lengthDays));
    const slug = options.tenantSlug ?? 'open-university';
    if (!options.perPresentation) {
      const tenant = await this.tenant(slug, 'Open University');
      return [await this.fill(tenant, files, presentations, enrolments, asOfDay)];
    }
    const results: OuladResult[] = [];
    for (const one of presentations) {
      const suffix = one.pres.toLowerCase().replaceAll('_', '-');
      const tenant = await this.tenant(`${slug}-${suffix}`, `Open University ${one.pres}`);
      results.push(await this.fill(tenant, files, [one], enrolments, asOfDay));
    }
    return results;
  }

  private async tenant(slug: string, name: string): Promise<Tenant> {
    const found = await this.tenants.findBySlug(slug);
    if (found) return found;
    await this.tenants.insert({ id: uuidv7(), slug, name, timeZone: 'Europe/London' }, this.clock.now());
    return (await this.tenants.findBySlug(slug))!;
  }

  private async fill(
    tenant: Tenant,
    files: OuladExtract,
    presentations: readonly Presentation[],
    enrolments: readonly Enrolment[],
    asOfDay: number,
  ): Promise<OuladResult> {
    const now = this.clock.now();
    const today = localDay(tenant.timeZone, now);
    const dayZero = new Map<string, string>();
    for (const { pres } of presentations) dayZero.set(pres, await this.dayZero(tenant, pres, asOfDay, today));
    const plan = planOulad(tenant.id, presentations, enrolments, { dayZero, asOfDay });
    const work = await planOuladWork(tenant, files, plan, enrolments, { dayZero, asOfDay, now });
    let read = 0;
    const loaded = await this.tenantImport.fill(tenant, plan, {
      histories: readHistories(tenant.id, files, plan, { dayZero, asOfDay }, (share) => (read = share)),
      since: addDays([...dayZero.values()].sort()[0]!, -daysBefore),
      today,
      share: () => read,
      work,
      left: plan.left,
    });
    return { tenant, students: plan.students.size, ...loaded };
  }

  /** A presentation's day 0 is fixed by its first import: a later one, on another day, must not move it. */
  private async dayZero(tenant: Tenant, pres: string, asOfDay: number, today: string): Promise<string> {
    const known = await this.repository.findDepartmentStart(tenant.id, pres);
    const dayZero = known ?? addDays(today, -asOfDay);
    if (addDays(dayZero, asOfDay) > today) {
      throw new Error(
        `day ${asOfDay} of ${pres} has not come yet: its day 0 is ${dayZero} since its first import into ` +
          `"${tenant.slug}"; choose an earlier day or another tenant`,
      );
    }
    return dayZero;
  }
}

/** Sessions by student, one per day and kind of material; lines of one student that follow each other are one history. */
async function* readHistories(
  tenantId: string,
  files: OuladExtract,
  plan: OuladPlan,
  { dayZero, asOfDay }: { dayZero: ReadonlyMap<string, string>; asOfDay: number },
  onRead: (share: number) => void,
): AsyncGenerator<History> {
  const modules = new Map([...dayZero.keys()].map((pres) => [pres, materials.map((m) => moduleId(tenantId, pres, m))]));
  let lane = 0;
  let student = '';
  let sessions: SessionInput[] = [];
  for await (const { pres, studentId: pid, day: number, clicks, share } of files.activity()) {
    onRead(share);
    const start = dayZero.get(pres);
    const of = plan.students.get(pid);
    if (start === undefined || of === undefined || number > asOfDay) continue;
    if (of.id !== student) {
      if (sessions.length > 0) yield { lane, sessions };
      ({ lane, id: student } = of);
      sessions = [];
    }
    const day = addDays(start, number);
    materials.forEach((material, index) => {
      if (clicks[material] === 0) return;
      sessions.push({
        id: ouladId(tenantId, 'session', pres, pid, number, material),
        studentId: student,
        moduleId: modules.get(pres)![index]!,
        interactions: clicks[material],
        day,
      });
    });
  }
  if (sessions.length > 0) yield { lane, sessions };
}
