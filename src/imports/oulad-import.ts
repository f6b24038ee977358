import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { addDays, localDay } from '../org/local-day.js';
import { type Tenant, TenantsRepository } from '../org/tenants.repository.js';
import { type History, HistoryLoader, type Loaded, type SessionInput } from './history-loader.js';
import { ImportsRepository } from './imports.repository.js';
import { type Enrolment, materials, OuladFiles, type Presentation } from './oulad-files.js';
import { moduleId, ouladId, type OuladPlan, planOulad } from './oulad-plan.js';
import { ProgressBar } from './progress-bar.js';

export interface OuladOptions {
  /** In the format of the extracts that `docs/oulad-mapping.md` names. */
  readonly folder: string;
  /** The day of the presentations that is today; the last day of the longest one where it is not given. */
  readonly asOfDay?: number;
  readonly tenantSlug?: string;
  /** A tenant for each presentation in place of one for all. */
  readonly perPresentation?: boolean;
}

export interface OuladResult extends Loaded {
  readonly tenant: Tenant;
  readonly students: number;
}

const peoplePerStatement = 5_000;

/** Brings an extract of the Open University Learning Analytics Dataset in. Again and again, with the same result. */
@Injectable()
export class OuladImport {
  constructor(
    private readonly database: Database,
    private readonly repository: ImportsRepository,
    private readonly tenants: TenantsRepository,
    private readonly loader: HistoryLoader,
    private readonly clock: Clock,
  ) {}

  /** @throws Error in one line when the folder or the options do not fit */
  async run(options: OuladOptions): Promise<OuladResult[]> {
    const files = new OuladFiles(options.folder);
    const presentations = await files.presentations();
    if (presentations.length === 0) throw new Error(`${options.folder} has no presentations`);
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
    files: OuladFiles,
    presentations: readonly Presentation[],
    enrolments: readonly Enrolment[],
    asOfDay: number,
  ): Promise<OuladResult> {
    const today = localDay(tenant.timeZone, this.clock.now());
    const dayZero = new Map<string, string>();
    for (const { pres } of presentations) dayZero.set(pres, await this.dayZero(tenant, pres, asOfDay, today));
    const plan = planOulad(tenant.id, presentations, enrolments, { dayZero, asOfDay });
    await this.organise(tenant, plan);
    const bar = new ProgressBar(tenant.name, 'sessions');
    try {
      let share = 0;
      const histories = readHistories(tenant.id, files, plan, { dayZero, asOfDay }, (read) => (share = read));
      const loaded = await this.loader.load(tenant, histories, (sessions) => bar.update(share, sessions));
      await this.repository.deactivate(tenant.id, plan.left);
      bar.end();
      return { tenant, students: plan.students.size, ...loaded };
    } catch (error) {
      bar.abort();
      throw error;
    }
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

  private async organise({ id }: Tenant, plan: OuladPlan): Promise<void> {
    const now = this.clock.now();
    await this.database.transaction(async () => {
      await this.repository.insertDepartments(id, plan.departments);
      for (const people of chunks(plan.people)) await this.repository.insertPeople(id, people, now);
      await this.repository.insertProfiles(id, plan.profiles);
      for (const placements of chunks(plan.placements)) await this.repository.placeStudents(id, placements);
      await this.repository.insertCategories(id, plan.categories);
      await this.repository.insertModules(id, plan.modules);
    });
  }
}

/** Sessions by student, one per day and kind of material; lines of one student that follow each other are one history. */
async function* readHistories(
  tenantId: string,
  files: OuladFiles,
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

function chunks<T>(rows: readonly T[]): T[][] {
  const count = Math.ceil(rows.length / peoplePerStatement);
  return Array.from({ length: count }, (_, i) => rows.slice(i * peoplePerStatement, (i + 1) * peoplePerStatement));
}
