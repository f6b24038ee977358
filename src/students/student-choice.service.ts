import { Injectable } from '@nestjs/common';
import { Problem } from '../http/problem.js';
import { Viewer } from '../http/viewer.js';
import { type Moment, TenantsService } from '../org/tenants.service.js';
import { SegmentsRepository } from './segments.repository.js';
import { type Filter, filterOf } from './student-filter.js';
import { StudentsRepository } from './students.repository.js';

/** Exactly one of them says which students are meant. */
export interface Choice {
  readonly studentIds?: readonly string[];
  readonly filter?: Filter;
  readonly segmentId?: string;
  readonly departmentId?: string;
}

export interface Chosen {
  readonly ids: string[];
  /** What they were found by; null where they were named. A segment's is the one that it has at this moment. */
  readonly filter: Filter | null;
  readonly moment: Moment;
}

/** More would not fit into one transaction of a few seconds. */
const mostChosen = 10_000;

@Injectable()
export class StudentChoice {
  constructor(
    private readonly students: StudentsRepository,
    private readonly segments: SegmentsRepository,
    private readonly tenants: TenantsService,
  ) {}

  /**
   * The students whom a request means, within what the viewer may see where they are not named.
   * @throws Problem 400 unless the choice is one, 404 for a segment, 422 where it means too many
   */
  async choose(viewer: Viewer, choice: Choice): Promise<Chosen> {
    const given = (['studentIds', 'filter', 'segmentId', 'departmentId'] as const).filter((name) => choice[name]);
    if (given.length !== 1) {
      const detail = 'give exactly one of studentIds, filter, segmentId and departmentId';
      throw Problem.invalid([{ pointer: `/${given[1] ?? 'studentIds'}`, code: 'field_required', detail }]);
    }
    const moment = await this.tenants.moment(viewer.tenantId);
    if (choice.studentIds) {
      return { ids: [...new Set(choice.studentIds.map((id) => id.toLowerCase()))], filter: null, moment };
    }
    const filter = await this.filterOf(viewer, choice);
    const ids = await this.students.listIds(viewer, filter, moment, mostChosen + 1);
    if (ids.length <= mostChosen) return { ids, filter, moment };
    const detail = `This means more than ${mostChosen} students; narrow it.`;
    throw Problem.unprocessable('selection_too_large', detail, `/${given[0]}`);
  }

  private async filterOf(viewer: Viewer, { filter, segmentId, departmentId }: Choice): Promise<Filter> {
    if (filter) return filterOf(filter);
    if (segmentId === undefined) return filterOf({ departmentId });
    const segment = await this.segments.find(viewer, segmentId);
    if (!segment) throw Problem.notFound('segment');
    return segment.filter;
  }
}
