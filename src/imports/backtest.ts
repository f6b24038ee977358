import { Injectable } from '@nestjs/common';
import type { Example } from '../risk/fit-model.js';
import type { Judged } from '../risk/judgement.js';
import { RiskScoring } from '../risk/risk-scoring.service.js';
import { CourseReplay, type ReplayOptions } from './course-replay.js';
import type { Course } from './course-slice.js';
import type { OuladOutcomes } from './oulad-outcomes.js';

/** A score as of the end of a day of a presentation, also where there is too little to show one. */
export type ScoredStudent = Omit<Judged, 'isAtRisk'>;

/** Scores courses as the nights would have done, and knows nothing of how they ended. */
@Injectable()
export class Backtest {
  constructor(
    private readonly replay: CourseReplay,
    private readonly scoring: RiskScoring,
  ) {}

  async run(courses: readonly Course[], options: ReplayOptions): Promise<ScoredStudent[]> {
    const scored: ScoredStudent[] = [];
    for await (const { pres, day, cohort, students } of this.replay.run(courses, options)) {
      for (const [studentId, inputs] of students) {
        const { score, logOdds } = this.scoring.score(inputs, cohort).evaluation;
        scored.push({ pres, studentId, day, inputs, score, logOdds });
      }
    }
    return scored;
  }

  /** What a model can be fitted to: what was known, and how it ended. */
  async collect(courses: readonly Course[], outcomes: OuladOutcomes, options: ReplayOptions): Promise<Example[]> {
    const examples: Example[] = [];
    const truth = outcomes.of(courses);
    for await (const { pres, day, cohort, students } of this.replay.run(courses, options)) {
      for (const [studentId, inputs] of students) {
        const isAtRisk = truth({ pres, studentId });
        if (isAtRisk === undefined) continue;
        examples.push({ pres, studentId, day, inputs, cohort: cohort.counts, isAtRisk });
      }
    }
    return examples;
  }
}

/** Of those whose outcome is known. */
export function judge(scored: readonly ScoredStudent[], courses: readonly Course[], outcomes: OuladOutcomes): Judged[] {
  const truth = outcomes.of(courses);
  return scored.flatMap((one) => {
    const isAtRisk = truth(one);
    return isAtRisk === undefined ? [] : [{ ...one, isAtRisk }];
  });
}

/** Lines of a file that judges scores, with a heading. */
export function toScoresCsv(scored: readonly Pick<Judged, 'pres' | 'studentId' | 'day' | 'score'>[]): string {
  const lines = scored.map(({ pres, studentId, day, score }) => `${pres},${studentId},${day},${score.toFixed(2)}\n`);
  return `pres,id_student,day,score\n${lines.join('')}`;
}
