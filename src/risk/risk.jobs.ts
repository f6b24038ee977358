import { Injectable } from '@nestjs/common';
import { NIL } from 'uuid';
import { evaluateNight, evaluateStudents } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { EvaluationsRepository } from './evaluations.repository.js';
import { RiskNight } from './risk-night.service.js';
import { RiskNow } from './risk-now.service.js';

const chunkStudents = 1_000;

/** What the events say that may change a score: whom it is about, or whose work. */
interface Concern {
  readonly studentIds?: readonly string[];
  readonly studentId?: string;
  readonly assignmentId?: string;
  /** Whose duplicate somebody turned out to be; an instructor's merge concerns nobody here. */
  readonly intoId?: string;
  /** When sessions came in. */
  readonly at?: string;
}

@Injectable()
export class RiskJobs {
  constructor(
    private readonly night: RiskNight,
    private readonly present: RiskNow,
    private readonly evaluations: EvaluationsRepository,
  ) {}

  @Handles(evaluateNight)
  async evaluateNight({ tenantId, payload, signal }: Run): Promise<Outcome> {
    const { day } = payload as { day: string };
    return { added: await this.night.score(tenantId!, day, signal) };
  }

  @Handles(evaluateStudents)
  async evaluateStudents({ tenantId, payload, signal }: Run): Promise<Outcome> {
    const concern = payload as Concern;
    let [looked, added] = [0, 0];
    for await (const chunk of this.chunks(tenantId!, concern)) {
      signal.throwIfAborted();
      const scored = await this.present.score(tenantId!, chunk, concern.at ?? null);
      looked += scored.looked;
      added += scored.added;
    }
    return { looked, added };
  }

  private async *chunks(tenantId: string, concern: Concern): AsyncGenerator<readonly string[]> {
    const { studentId = concern.intoId, assignmentId } = concern;
    const studentIds = concern.studentIds ?? (studentId === undefined ? undefined : [studentId]);
    if (studentIds !== undefined) {
      for (let from = 0; from < studentIds.length; from += chunkStudents) {
        yield studentIds.slice(from, from + chunkStudents);
      }
      return;
    }
    for (let after: string = NIL; ;) {
      const ids = await this.evaluations.listHolders(tenantId, assignmentId!, after, chunkStudents);
      if (ids.length === 0) return;
      yield ids;
      after = ids.at(-1)!;
    }
  }
}
